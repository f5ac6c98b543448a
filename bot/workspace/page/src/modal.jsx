// A modal: its blocks as a form. Inputs get own controls, everything else is drawn as in a message.
import { useState } from "react";
import { Blocks } from "./blocks.jsx";

const label = (text) => (text ? text.text : "");

function initial(element) {
  if (element.type === "multi_users_select") return element.initial_users || [];
  if (element.type === "users_select") return element.initial_user || "";
  if (element.type === "static_select" || element.type === "radio_buttons") return element.initial_option?.value || "";
  if (element.type === "checkboxes" || element.type === "multi_static_select") return (element.initial_options || []).map((o) => o.value);
  if (element.type === "file_input") return [];
  return element.initial_value || "";
}

function Options({ element, value, set }) {
  const many = element.type !== "radio_buttons";
  const toggle = (v) => set(many ? (value.includes(v) ? value.filter((x) => x !== v) : [...value, v]) : v);
  return element.options.map((option) => (
    <label key={option.value} className="option">
      <input type={many ? "checkbox" : "radio"} checked={many ? value.includes(option.value) : value === option.value} onChange={() => toggle(option.value)} />
      {label(option.text)}
    </label>
  ));
}

function People({ element, value, set, people }) {
  const many = element.type === "multi_users_select";
  const humans = people.filter((p) => !p.is_bot);
  const chosen = (event) => [...event.target.selectedOptions].map((o) => o.value);
  return (
    <select multiple={many} size={many ? humans.length : undefined} value={value} onChange={(e) => set(many ? chosen(e) : e.target.value)}>
      {!many && <option value="">Choose a person</option>}
      {humans.map((p) => (
        <option key={p.id} value={p.id}>
          {p.name}
        </option>
      ))}
    </select>
  );
}

function Control({ element, value, set, people }) {
  const placeholder = label(element.placeholder);
  switch (element.type) {
    case "plain_text_input":
      return element.multiline ? (
        <textarea rows={5} value={value} placeholder={placeholder} onChange={(e) => set(e.target.value)} />
      ) : (
        <input type="text" value={value} placeholder={placeholder} onChange={(e) => set(e.target.value)} />
      );
    case "number_input":
      return <input type="number" step="any" value={value} placeholder={placeholder} onChange={(e) => set(e.target.value)} />;
    case "static_select":
      return (
        <select value={value} onChange={(e) => set(e.target.value)}>
          <option value="">{placeholder || "Choose"}</option>
          {element.options.map((o) => (
            <option key={o.value} value={o.value}>
              {label(o.text)}
            </option>
          ))}
        </select>
      );
    case "radio_buttons":
    case "checkboxes":
      return <Options element={element} value={value} set={set} />;
    case "multi_static_select": // Slack opens a list to choose from; here all of it is in sight
      return (
        <div className="several">
          <Options element={element} value={value} set={set} />
        </div>
      );
    case "users_select":
    case "multi_users_select":
      return <People element={element} value={value} set={set} people={people} />;
    case "file_input":
      return <input type="file" multiple={element.max_files > 1} onChange={(e) => set([...e.target.files])} />;
    default:
      return <em>This page cannot show a {element.type} field.</em>;
  }
}

export function Modal({ view, errors, people, channels, onSubmit, onClose, onAction }) {
  const inputs = view.blocks.filter((b) => b.type === "input");
  const [values, setValues] = useState(() => Object.fromEntries(inputs.map((b) => [b.block_id, initial(b.element)])));
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    await onSubmit(inputs.map((b) => ({ block: b, value: values[b.block_id] }))).finally(() => setBusy(false));
  };
  return (
    <div className="shade">
      <form className="modal" onSubmit={submit} aria-label={label(view.title)}>
        <header>
          <h2>{label(view.title)}</h2>
          <button type="button" className="plain" aria-label="Close" onClick={onClose}>
            ✕
          </button>
        </header>
        <div className="fields">
          {view.blocks.map((block, place) =>
            block.type === "input" ? (
              <div className="field" key={block.block_id} data-block={block.block_id}>
                <label>
                  <span className="name">
                    {label(block.label)} {block.optional && <small>(optional)</small>}
                  </span>
                  <Control
                    element={block.element}
                    people={people}
                    value={values[block.block_id]}
                    set={(value) => setValues((all) => ({ ...all, [block.block_id]: value }))}
                  />
                </label>
                {block.hint && <p className="hint">{label(block.hint)}</p>}
                {errors?.[block.block_id] && <p className="error">{errors[block.block_id]}</p>}
              </div>
            ) : (
              <Blocks key={place} blocks={[block]} people={people} channels={channels} onAction={onAction} />
            ),
          )}
        </div>
        <footer>
          <button type="button" onClick={onClose}>
            {label(view.close) || "Cancel"}
          </button>
          {view.submit && (
            <button type="submit" className="primary" disabled={busy}>
              {label(view.submit)}
            </button>
          )}
        </footer>
      </form>
    </div>
  );
}
