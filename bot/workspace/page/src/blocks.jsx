// Block Kit as a person sees it. The library draws; clicks are caught here and looked up in the stored blocks.
import { Component } from "react";
import { Message } from "slack-blocks-to-jsx";

class Boundary extends Component {
  state = { broken: false };
  static getDerivedStateFromError() {
    return { broken: true };
  }
  render() {
    return this.state.broken ? <pre className="broken">{JSON.stringify(this.props.blocks, null, 1)}</pre> : this.props.children;
  }
}

// To Slack `verbatim` means "make no links of bare addresses"; the library would show the markup itself.
const formatted = (block) => JSON.parse(JSON.stringify(block, (key, value) => (key === "verbatim" ? undefined : value)));

// The library throws on numbers in tables and draws nothing for data_table; both become plain tables.
function drawable(given) {
  const block = formatted(given);
  if (block.type !== "table" && block.type !== "data_table") return block;
  const text = (cell) => (cell.type === "raw_number" ? { type: "raw_text", text: String(cell.text ?? cell.value) } : cell);
  return { ...block, type: "table", rows: block.rows.map((row) => row.map(text)) };
}

export function elements(blocks) {
  return (blocks || []).flatMap((block) =>
    [...(block.elements || []), block.accessory, block.element].filter((e) => e && e.action_id).map((e) => ({ ...e, block_id: block.block_id })),
  );
}

export function Blocks({ blocks, people, channels, onAction }) {
  const click = (event) => {
    const button = event.target.closest("button[id], [role=button][id]");
    if (!button) return;
    // An action may stand once in every block: the library draws its id alone, so the n-th button of an id is the n-th element.
    const alike = [...event.currentTarget.querySelectorAll("button[id], [role=button][id]")].filter((each) => each.id === button.id);
    const element = elements(blocks).filter((e) => e.action_id === button.id)[alike.indexOf(button)];
    if (!element) return;
    event.preventDefault();
    const ask = element.confirm;
    if (!ask || window.confirm(`${ask.title?.text}\n\n${ask.text?.text}`)) onAction(element);
  };
  const at = (epoch) => new Date(Number(epoch) * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return (
    <div className="blocks" onClick={click}>
      <Boundary blocks={blocks}>
        <Message
          theme="light"
          withoutWrapper
          name="Ferry"
          logo=""
          blocks={blocks.map(drawable)}
          data={{ users: people.map((p) => ({ id: p.id, name: p.name })), channels: channels.map((c) => ({ id: c.id, name: c.name })) }}
          hooks={{ date: ({ timestamp }) => <time>{at(timestamp)}</time> }}
        />
      </Boundary>
    </div>
  );
}
