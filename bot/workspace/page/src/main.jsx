// The local workspace in a browser: choose who you are, talk, click, fill in forms, as in Slack.
import { useCallback, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import * as api from "./api.js";
import { Blocks } from "./blocks.jsx";
import { Composer } from "./composer.jsx";
import { Messages } from "./messages.jsx";
import { Modal } from "./modal.jsx";
import "./style.css";

const HOME = "home";
const named = (user) => ({ id: user.id, name: user.profile?.display_name || user.real_name || user.name, is_bot: user.is_bot });
const remembered = (key, fallback) => sessionStorage.getItem(key) || fallback;

// Replies stand in their thread, except those also sent to the channel.
function laid(channel, thread) {
  const shown = channel.messages.map((m) => ({
    ...m,
    ephemeral: m.is_ephemeral,
    pinned: channel.pins.includes(m.ts),
    replies: m.reply_count || 0,
    files: (m.files || []).map((f) => ({ ...f, href: api.href(f) })),
  }));
  const reply = (m) => m.thread_ts && m.thread_ts !== m.ts;
  if (!thread) return shown.filter((m) => !reply(m) || m.subtype === "thread_broadcast");
  return shown.filter((m) => m.ts === thread || m.thread_ts === thread);
}

function Sidebar({ seen, people, user, setUser, place, setPlace, unread }) {
  const groups = [
    ["Channels", seen.channels.filter((c) => c.kind !== "im" && !c.is_archived), (c) => `# ${c.name}`],
    ["Direct messages", seen.channels.filter((c) => c.kind === "im" && c.is_member), () => "Ferry"],
  ];
  return (
    <nav>
      <h1>{seen.team.name}</h1>
      <h2>You are</h2>
      {people.filter((p) => !p.is_bot).map((p) => (
        <button type="button" key={p.id} aria-current={p.id === user} onClick={() => setUser(p.id)}>
          {p.name}
        </button>
      ))}
      {groups.map(([title, channels, label]) => (
        <div key={title} role="group" aria-label={title}>
          <h2>{title}</h2>
          {channels.map((c) => (
            <button type="button" key={c.id} style={{ width: "100%" }} aria-current={c.id === place} onClick={() => setPlace(c.id)}>
              {label(c)} {unread(c) > 0 && <span className="badge">{unread(c)}</span>}
            </button>
          ))}
        </div>
      ))}
      <h2>Apps</h2>
      <button type="button" aria-current={place === HOME} onClick={() => setPlace(HOME)}>
        Ferry: Home
      </button>
      <p className="foot">
        A local workspace on this machine. Nothing leaves it. <a href="LICENSES.txt" style={{ color: "inherit" }}>Licences</a>
      </p>
    </nav>
  );
}

function useWorkspace(user) {
  const [seen, setSeen] = useState(null);
  const look = useCallback(() => api.state(user).then(setSeen).catch(() => {}), [user]);
  useEffect(() => {
    look();
    return api.listen(user, look);
  }, [user, look]);
  return [seen, look];
}

function Workspace() {
  const [user, setUser] = useState(() => remembered("user", "U0REQUESTER"));
  const [place, setPlace] = useState(() => remembered("place", ""));
  const [threads, setThreads] = useState({});
  const [read, setRead] = useState({});
  const [toast, setToast] = useState("");
  const [seen, look] = useWorkspace(user);

  useEffect(() => sessionStorage.setItem("user", user), [user]);
  useEffect(() => {
    if (place) sessionStorage.setItem("place", place);
    if (place === HOME) api.home(user).catch((error) => setToast(error.message));
  }, [place, user]);
  useEffect(() => {
    const timer = toast && setTimeout(() => setToast(""), 6000);
    return () => clearTimeout(timer);
  }, [toast]);

  const channel = seen && (seen.channels.find((c) => c.id === place && (c.is_member || c.kind === "channel")) || seen.channels[0]);
  const last = channel?.messages.at(-1)?.ts;
  useEffect(() => {
    if (channel && place !== HOME) setRead((all) => ({ ...all, [user + channel.id]: last || "0" }));
  }, [user, channel?.id, last, place]);

  if (!seen) return <p className="empty">Connecting to the workspace…</p>;
  const people = seen.users.map(named);
  const doing = (work) => work.then((said) => (look(), said)).catch((error) => setToast(error.message));
  const unread = (c) => c.messages.filter((m) => m.user !== user && m.ts > (read[user + c.id] || "0")).length;
  const thread = place !== HOME && threads[channel.id] && channel.messages.some((m) => m.ts === threads[channel.id]) && threads[channel.id];
  const shared = { people, channels: seen.channels };
  const pane = (root) => ({
    ...shared,
    messages: laid(channel, root),
    onAction: (message, element) => doing(api.click(user, { channel: channel.id, ts: message.ts }, element)),
    onThread: root || channel.kind === "im" ? null : (ts) => setThreads((all) => ({ ...all, [channel.id]: ts })),
  });
  const composer = (root) => ({
    place: root ? "thread" : channel.kind === "im" ? "Ferry" : `#${channel.name}`,
    onText: (text) => doing(api.say(user, channel.id, text, root || undefined)),
    onCommand: (name, text) => doing(api.command(user, channel.id, name, text)),
    onFiles: (files) => doing(api.upload(user, files, { channel: channel.id, thread_ts: root || undefined })),
  });

  // Files of a form are uploaded first; their ids are the field's value. An empty field is left out.
  const submit = async (fields) => {
    const values = {};
    for (const { block, value } of fields) {
      if (block.element.type === "file_input") {
        if (value.length) values[block.block_id] = (await api.upload(user, value)).files.map((f) => f.id);
      } else if (value.length) values[block.block_id] = value;
    }
    await doing(api.submit(user, seen.modal, values));
  };

  return (
    <div className={thread ? "workspace threaded" : "workspace"}>
      <Sidebar {...{ seen, people, user, place: place === HOME ? HOME : channel.id, setPlace, unread }} setUser={setUser} />
      {place === HOME ? (
        <section className="pane">
          <header>Ferry: Home</header>
          <div className="home">
            {seen.home ? (
              <Blocks {...shared} blocks={seen.home.blocks} onAction={(e) => doing(api.click(user, { view_id: seen.home.id }, e))} />
            ) : (
              <p className="soft">Ferry has not drawn this page yet.</p>
            )}
          </div>
        </section>
      ) : (
        <section className="pane">
          <header>{channel.kind === "im" ? "Ferry" : `# ${channel.name}`}</header>
          <Messages {...pane(null)} />
          <Composer key={channel.id + user} {...composer(null)} />
        </section>
      )}
      {thread && (
        <section className="pane thread" aria-label="Thread">
          <header>
            Thread
            <button type="button" className="plain" aria-label="Close thread" onClick={() => setThreads((all) => ({ ...all, [channel.id]: null }))}>
              ✕
            </button>
          </header>
          <Messages {...pane(thread)} />
          <Composer key={thread + user} {...composer(thread)} />
        </section>
      )}
      {seen.modal && (
        <Modal
          key={seen.modal.id}
          {...shared}
          view={seen.modal}
          errors={seen.modal.errors}
          onSubmit={submit}
          onClose={() => doing(api.close(user, seen.modal))}
          onAction={(e) => doing(api.click(user, { view_id: seen.modal.id }, e))}
        />
      )}
      {toast && (
        <div className="toast" role="status">
          {toast}
        </div>
      )}
    </div>
  );
}

createRoot(document.getElementById("root")).render(<Workspace />);
