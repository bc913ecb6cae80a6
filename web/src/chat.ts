// The chat of an experience: GetStream's own client over its WebSocket.
import { type Channel, type Event, type LocalMessage, StreamChat } from "stream-chat";
import "./chat.css";
import { Problem, api, element, given, island, labels, pause } from "./_island";

interface Admission {
  state: "ready" | "joining";
  api_key: string;
  base_url: string;
  user_id: string;
  token: string;
  channel_type: string;
  channel_id: string;
}

const JOINING_PAUSE_MS = 500;
const LATEST_PAUSE_MS = 8000;

class ChatView {
  private readonly list = element("ul", "chat-messages");
  private readonly status = element("p", "chat-status");
  private readonly form = element("form", "chat-form");
  private readonly input = element("textarea");
  private readonly shown = new Map<string, HTMLLIElement>();

  constructor(
    private readonly root: HTMLElement,
    private readonly say: (name: string) => string,
  ) {
    const label = element("label", "visually-hidden", say("message"));
    this.input.id = "chat-input";
    label.htmlFor = this.input.id;
    this.input.rows = 1;
    this.input.maxLength = 5000;
    this.input.placeholder = say("placeholder");
    const send = element("button", "button primary", say("send"));
    this.form.append(label, this.input, send);
    this.form.hidden = true;
    this.list.setAttribute("role", "log");
    this.list.setAttribute("aria-live", "polite");
    this.status.setAttribute("role", "status");
    root.classList.add("chat");
    root.replaceChildren(this.list, this.status, this.form);
  }

  tell(text: string): void {
    this.status.textContent = text;
  }

  /** Ends the chat for a removed member; the messages that they have read stay. */
  lock(text: string): void {
    this.form.hidden = true;
    this.root.dataset.state = "locked";
    this.tell(text);
  }

  open(send: (text: string) => Promise<unknown>): void {
    this.form.hidden = false;
    this.root.dataset.state = "ready";
    this.form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = this.input.value.trim();
      if (!text) return;
      this.input.value = "";
      this.tell("");
      try {
        await send(text);
      } catch {
        // Keep what was typed.
        this.input.value = text;
        this.tell(this.say("not_sent"));
      }
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.form.requestSubmit();
      }
    });
  }

  show(message: LocalMessage | Event["message"], mine: boolean): void {
    if (!message?.id) return;
    if (message.type === "deleted" || message.deleted_at) {
      this.remove(message.id);
      return;
    }
    const near = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 80;
    const item = this.item(message, mine);
    const old = this.shown.get(message.id);
    if (old) old.replaceWith(item);
    else this.list.append(item);
    this.shown.set(message.id, item);
    if (near || mine) this.list.scrollTop = this.list.scrollHeight;
  }

  remove(id: string): void {
    this.shown.get(id)?.remove();
    this.shown.delete(id);
  }

  clear(): void {
    this.list.replaceChildren();
    this.shown.clear();
  }

  private item(message: NonNullable<LocalMessage | Event["message"]>, mine: boolean) {
    const item = element("li", mine ? "chat-message mine" : "chat-message");
    const author = mine ? this.say("you") : message.user?.name || this.say("someone");
    item.append(element("div", "author", author), element("p", "text", message.text ?? ""));
    return item;
  }
}

async function admission(source: string, view: ChatView, say: (name: string) => string): Promise<Admission> {
  for (let pauseMs = JOINING_PAUSE_MS; ; pauseMs = Math.min(1.3 * pauseMs, LATEST_PAUSE_MS)) {
    const answer = await api<Admission>(source);
    if (answer.state === "ready") return answer;
    view.tell(say("joining"));
    await pause(pauseMs);
  }
}

function listen(channel: Channel, view: ChatView, me: string, say: (name: string) => string): void {
  const show = (event: Event): void => view.show(event.message, event.message?.user?.id === me);
  channel.on("message.new", show);
  channel.on("message.updated", show);
  channel.on("message.deleted", (event) => event.message && view.remove(event.message.id));
  channel.on("channel.truncated", () => view.clear());
  const out = (event: Event): void => {
    if ((event.member?.user_id ?? event.user?.id) === me) view.lock(say("removed"));
  };
  channel.on("member.removed", out);
  channel.getClient().on("notification.removed_from_channel", (event) => {
    if (event.cid === channel.cid) view.lock(say("removed"));
  });
  channel.getClient().on("connection.changed", (event) => {
    view.tell(event.online ? "" : say("offline"));
  });
}

async function start(root: HTMLElement): Promise<void> {
  const say = labels(root);
  const source = given(root, "source");
  const view = new ChatView(root, say);
  view.tell(say("connecting"));
  try {
    const mine = await admission(source, view, say);
    const client = StreamChat.getInstance(mine.api_key, { baseURL: mine.base_url });
    let token: string | null = mine.token;
    await client.connectUser({ id: mine.user_id }, async () => {
      const current = token ?? (await api<Admission>(source)).token;
      token = null;
      return current;
    });
    const channel = client.channel(mine.channel_type, mine.channel_id);
    listen(channel, view, mine.user_id, say);
    await channel.watch();
    view.tell("");
    for (const message of channel.state.messages) {
      view.show(message, message.user?.id === mine.user_id);
    }
    view.open((text) => channel.sendMessage({ text }));
  } catch (error) {
    view.lock(say(error instanceof Problem && error.code === "no_access" ? "no_access" : "unavailable"));
  }
}

const root = island("chat");
if (root) void start(root);
