// Where a person types: text, a slash command, or files to drop.
import { useRef, useState } from "react";

export function Composer({ place, onText, onCommand, onFiles }) {
  const [text, setText] = useState("");
  const files = useRef(null);
  const send = () => {
    const said = text.trim();
    if (!said) return;
    setText("");
    const command = said.match(/^(\/\S+)\s*([\s\S]*)$/);
    if (command) onCommand(command[1], command[2]);
    else onText(said);
  };
  const drop = (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) onFiles([...event.dataTransfer.files]);
  };
  const pick = (event) => {
    onFiles([...event.target.files]);
    event.target.value = "";
  };
  return (
    <div className="composer" onDragOver={(e) => e.preventDefault()} onDrop={drop}>
      <textarea
        rows={1}
        value={text}
        aria-label={`Message ${place}`}
        placeholder={`Message ${place} (try /migrate)`}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter" && !e.shiftKey) {
            e.preventDefault();
            send();
          }
        }}
      />
      <input ref={files} type="file" multiple hidden onChange={pick} />
      <button type="button" className="plain" aria-label="Attach a file" onClick={() => files.current.click()}>
        +
      </button>
      <button type="button" className="primary" onClick={send}>
        Send
      </button>
    </div>
  );
}
