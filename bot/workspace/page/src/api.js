// The page's only way to the workspace: the endpoints of bot/workspace/page_api.py.
const SENTENCES = {
  operation_timeout: "Ferry did not answer within three seconds. Try again.",
  dispatch_failed: "Ferry is not connected right now. Try again in a moment.",
  is_archived: "This channel is archived.",
};

async function answer(response) {
  const said = await response.json();
  if (!said.ok) throw new Error(SENTENCES[said.error] || `The workspace answered ${said.error}.`);
  return said;
}

const post = (name, body) =>
  fetch(`/workspace/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }).then(answer);

export const state = (user) => fetch(`/workspace/state?user=${user}`).then(answer);
export const command = (user, channel, name, text) => post("command", { user, channel, command: name, text });
export const say = (user, channel, text, thread_ts) => post("say", { user, channel, text, thread_ts });
export const click = (user, place, element, value) =>
  post("click", { user, ...place, action_id: element.action_id, block_id: element.block_id, ...(value === undefined ? {} : { value }) });
export const submit = (user, view, values) => post("submit", { user, view_id: view.id, values });
export const close = (user, view) => post("close", { user, view_id: view.id });
export const home = (user) => post("home", { user });
export const href = (file) => `/workspace/files/${file.id}`;

export function upload(user, files, { channel, thread_ts } = {}) {
  const form = new FormData();
  form.append("user", user);
  if (channel) form.append("channel", channel);
  if (thread_ts) form.append("thread_ts", thread_ts);
  for (const file of files) form.append("file", file);
  return fetch("/workspace/files", { method: "POST", body: form }).then(answer);
}

// Calls `changed` after each piece of news, at most every 100 ms; reconnects by itself.
export function listen(user, changed) {
  const events = new EventSource(`/workspace/events?user=${user}`);
  let timer = null;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = null;
      changed();
    }, 100);
  };
  events.onmessage = soon;
  events.onopen = soon;
  return () => {
    events.close();
    clearTimeout(timer);
  };
}
