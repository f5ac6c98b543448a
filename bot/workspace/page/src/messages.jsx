// A list of messages: who, when, blocks or text, files, and the way into the thread.
import { useEffect, useRef } from "react";
import { Blocks } from "./blocks.jsx";

const clock = (ts) => new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const size = (bytes) => (bytes > 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1000))} kB`);
const unescaped = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

// Slack formats the text of an app's message that has no blocks.
const formatted = (text) => [{ type: "section", text: { type: "mrkdwn", text } }];

function Files({ files }) {
  return (files || []).map((file) => (
    <a key={file.id} className="file" href={file.href} target="_blank" rel="noreferrer">
      {/\.(png|jpe?g|gif)$/i.test(file.name) ? <img src={file.href} alt={file.title || file.name} /> : <span className="icon">📄</span>}
      <span>
        {file.name}
        <small> {size(file.size)}</small>
      </span>
    </a>
  ));
}

function One({ message, people, channels, onAction, onThread }) {
  const who = people.find((p) => p.id === message.user) || { name: "Ferry" };
  const blocks = message.blocks?.length ? message.blocks : who.is_bot && message.text ? formatted(message.text) : null;
  return (
    <article className={message.ephemeral ? "message ephemeral" : "message"} data-ts={message.ts}>
      <div className="avatar" data-bot={who.is_bot}>
        {who.name.replace(/[a-z ]/g, "").slice(0, 2) || who.name[0]}
      </div>
      <div className="body">
        <header>
          <b>{who.name}</b> {who.is_bot && <span className="app">APP</span>} <time>{clock(message.ts)}</time>
          {message.pinned && <span className="pin"> 📌 pinned</span>}
        </header>
        {message.ephemeral && <small className="soft">Only you can see this</small>}
        {blocks ? (
          <Blocks blocks={blocks} people={people} channels={channels} onAction={(e) => onAction(message, e)} />
        ) : (
          <p className="text">{unescaped(message.text || "")}</p>
        )}
        <Files files={message.files} />
        {onThread && (message.replies > 0 || message.blocks?.length > 0) && (
          <button type="button" className="replies" onClick={() => onThread(message.ts)}>
            {message.replies ? `${message.replies} ${message.replies === 1 ? "reply" : "replies"}` : "Reply in thread"}
          </button>
        )}
      </div>
    </article>
  );
}

export function Messages({ messages, ...rest }) {
  const end = useRef(null);
  const newest = messages.at(-1);
  const last = newest && `${newest.ts} ${JSON.stringify(newest.blocks || "").length}`; // an edit may make it longer
  useEffect(() => {
    end.current?.scrollIntoView({ block: "end" }); // answers with a promise in newer browsers: not for React
  }, [last]);
  return (
    <div className="messages">
      {messages.map((message) => (
        <One key={message.ts + (message.ephemeral ? "e" : "")} message={message} {...rest} />
      ))}
      {messages.length === 0 && <p className="soft empty">Nothing here yet. Type /migrate to start a migration.</p>}
      <div ref={end} />
    </div>
  );
}
