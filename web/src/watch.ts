// Live video: watching as a viewer, or publishing the camera as the host. LiveKit's own client.
import {
  ConnectionError,
  DisconnectReason,
  type RemoteTrack,
  Room,
  RoomEvent,
  Track,
  createLocalTracks,
} from "livekit-client";
import "./watch.css";
import { Problem, api, element, given, island, labels, pause } from "./_island";

interface Ticket {
  url: string;
  token: string;
  room: string;
}

const NOT_LIVE_PAUSE_MS = 2000;

class Stage {
  readonly video = element("video");
  private readonly status = element("p", "watch-status");
  private readonly controls = element("div", "watch-controls");

  constructor(private readonly root: HTMLElement) {
    const stage = element("div", "watch-stage");
    this.video.playsInline = true;
    this.video.autoplay = true;
    this.video.hidden = true;
    this.status.setAttribute("role", "status");
    stage.append(this.video, this.status);
    root.classList.add("watch");
    root.replaceChildren(stage, this.controls);
  }

  /** Sets the state, also as an attribute for styles and tests. */
  tell(state: string, text: string): void {
    this.root.dataset.state = state;
    this.status.textContent = text;
  }

  offer(text: string, act: () => void): HTMLButtonElement {
    const button = element("button", "button", text);
    button.type = "button";
    button.addEventListener("click", act);
    this.controls.append(button);
    return button;
  }

  clear(): void {
    this.controls.replaceChildren();
    this.video.hidden = true;
  }
}

/** Waits for a live stream; returns its token. */
async function ticket(root: HTMLElement, stage: Stage, waiting: string): Promise<Ticket> {
  const role = given(root, "role");
  for (;;) {
    const { state } = await api<{ state: string }>(given(root, "stream"));
    if (state !== "off" && state !== "ended") {
      try {
        return await api<Ticket>(given(root, "source"), { role });
      } catch (error) {
        // The stream ended between the two requests.
        if (!(error instanceof Problem) || error.code !== "not_live") throw error;
      }
    }
    stage.tell("waiting", waiting);
    await pause(NOT_LIVE_PAUSE_MS);
  }
}

function show(track: RemoteTrack, stage: Stage, playing: string): void {
  if (track.kind === Track.Kind.Video) {
    track.attach(stage.video);
    stage.video.hidden = false;
    stage.tell("playing", playing);
  } else {
    track.attach();
  }
}

async function watch(room: Room, stage: Stage, say: (name: string) => string): Promise<void> {
  room.on(RoomEvent.TrackSubscribed, (track) => show(track, stage, ""));
  room.on(RoomEvent.TrackUnsubscribed, (track) => {
    if (track.kind === Track.Kind.Video) {
      stage.video.hidden = true;
      stage.tell("waiting_for_host", say("waiting_for_host"));
    }
    track.detach();
  });
  room.on(RoomEvent.AudioPlaybackStatusChanged, () => {
    if (room.canPlaybackAudio) return;
    const button = stage.offer(say("unmute"), () => {
      void room.startAudio();
      button.remove();
    });
  });
  if (stage.video.hidden) stage.tell("waiting_for_host", say("waiting"));
}

async function host(room: Room, stage: Stage, say: (name: string) => string): Promise<void> {
  const tracks = await createLocalTracks({ audio: true, video: true });
  for (const track of tracks) {
    if (track.kind === Track.Kind.Video) {
      track.attach(stage.video);
      stage.video.muted = true;
      stage.video.hidden = false;
    }
    await room.localParticipant.publishTrack(track);
  }
  stage.tell("on_air", "");
  toggle(stage, say("camera_off"), say("camera_on"), (on) =>
    room.localParticipant.setCameraEnabled(on),
  );
  toggle(stage, say("microphone_off"), say("microphone_on"), (on) =>
    room.localParticipant.setMicrophoneEnabled(on),
  );
}

function toggle(stage: Stage, off: string, on: string, set: (on: boolean) => Promise<unknown>) {
  let active = true;
  const button = stage.offer(off, () => {
    active = !active;
    button.textContent = active ? off : on;
    button.setAttribute("aria-pressed", String(!active));
    void set(active);
  });
}

async function join(root: HTMLElement, stage: Stage, say: (name: string) => string): Promise<void> {
  const role = given(root, "role");
  const room = new Room({ adaptiveStream: true, dynacast: true });
  const again = (): void => {
    stage.clear();
    void start(root, stage, say);
  };
  try {
    stage.tell("connecting", say("connecting"));
    const mine = await ticket(root, stage, say("waiting"));
    room.on(RoomEvent.Reconnecting, () => stage.tell("reconnecting", say("reconnecting")));
    room.on(RoomEvent.Reconnected, () => stage.tell(role === "host" ? "on_air" : "playing", ""));
    if (role === "viewer") await watch(room, stage, say);
    await room.connect(mine.url, mine.token);
    room.on(RoomEvent.Disconnected, (reason) => left(reason, stage, say, again));
    if (role === "host") await host(room, stage, say);
  } catch (error) {
    room.removeAllListeners();
    await room.disconnect();
    stage.clear();
    // Only our own API knows about passes; a 403 of LiveKit's has other reasons.
    if (error instanceof Problem && error.status === 403) {
      stage.tell("denied", say("no_access"));
      return;
    }
    stage.tell("failed", say(error instanceof ConnectionError ? "unreachable" : "failed"));
    stage.offer(say("try_again"), again);
  }
}

function left(
  reason: DisconnectReason | undefined,
  stage: Stage,
  say: (name: string) => string,
  again: () => void,
): void {
  stage.clear();
  switch (reason) {
    case DisconnectReason.DUPLICATE_IDENTITY:
      stage.tell("elsewhere", say("elsewhere"));
      stage.offer(say("watch_here"), again);
      break;
    case DisconnectReason.PARTICIPANT_REMOVED:
      stage.tell("removed", say("removed"));
      break;
    case DisconnectReason.ROOM_DELETED:
      stage.tell("ended", say("ended"));
      break;
    case DisconnectReason.CLIENT_INITIATED:
      break;
    default:
      stage.tell("failed", say("unreachable"));
      stage.offer(say("try_again"), again);
  }
}

async function start(root: HTMLElement, stage: Stage, say: (name: string) => string) {
  await join(root, stage, say);
}

const root = island("watch");
if (root) {
  const say = labels(root);
  const stage = new Stage(root);
  if (root.dataset.role === "host") stage.offer(say("go_live"), () => {
    stage.clear();
    void start(root, stage, say);
  });
  else void start(root, stage, say);
}
