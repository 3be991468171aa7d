"use strict";
// One picture is asked for when the one before is on the screen, so a slow browser gets fewer and none queue up.

const SPAN_S = 60; // of a face's line
const GONE_S = 5; // that a face which left stays in the list
const POINTS = 600; // of a line, at most
const STILL_MS = 3000; // without a picture until the page says so
const RETRY_MS = 2000;
const ENDED = 1012; // code by which the server says that the stream is over
const STOPS = [[0, 0, 0, 60], [0.35, 130, 20, 130], [0.7, 240, 90, 40], [1, 255, 245, 120]];
const SVG = "http://www.w3.org/2000/svg";

const at = (id) => document.getElementById(id);
const tracks = new Map(); // by id: what is known of a face
let socket, facts, stillTimer, asked, paused = false;

function say(state, text) {
  at("state").className = `pill ${state}`;
  if (at("state").textContent !== text) at("state").textContent = text;
}

function connect() {
  socket = new WebSocket(`ws://${location.host}/stream${location.search}`);
  socket.binaryType = "blob";
  asked = false;
  socket.onopen = ask;
  socket.onmessage = ({ data }) => (typeof data === "string" ? (facts = JSON.parse(data)) : show(data));
  socket.onclose = ({ code }) => {
    clearTimeout(stillTimer);
    say("lost", code === ENDED ? "ended" : "no connection");
    if (code !== ENDED) setTimeout(connect, RETRY_MS);
  };
}

function ask() {
  if (paused || asked || socket.readyState !== WebSocket.OPEN) return;
  asked = true;
  socket.send(at("attention").checked ? "attention" : "picture");
  stillTimer = setTimeout(() => paused || say("lost", "no picture"), STILL_MS);
}

async function show(jpeg) {
  asked = false;
  clearTimeout(stillTimer);
  const picture = await createImageBitmap(jpeg);
  draw(picture);
  picture.close();
  box();
  list();
  tell();
  if (!paused && socket.readyState === WebSocket.OPEN) say("live", "live");
  // A page in the background asks for nothing: it is given no frames to draw.
  requestAnimationFrame(ask);
}

function draw(picture) {
  for (const id of ["picture", "evidence"]) {
    const canvas = at(id);
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      [canvas.width, canvas.height] = [picture.width, picture.height];
    }
  }
  at("stage").style.aspectRatio = `${facts.width} / ${facts.height}`;
  at("picture").getContext("2d").drawImage(picture, 0, 0);
  const paint = at("evidence").getContext("2d");
  const scale = picture.width / facts.width;
  paint.clearRect(0, 0, picture.width, picture.height);
  for (const { square: [x, y, side], columns, levels } of facts.attention ?? []) {
    paint.drawImage(heat(columns, levels), x * scale, y * scale, side * scale, side * scale);
  }
}

/** A map in the colours of `edgedf explain`; where there is more evidence, the less of the face shows through. */
function heat(columns, levels) {
  const map = new OffscreenCanvas(columns, levels.length / columns);
  const paint = map.getContext("2d");
  const pixels = paint.createImageData(map.width, map.height);
  const most = Math.max(...levels, 1);
  levels.forEach((level, i) => {
    const value = level / most;
    const next = Math.max(STOPS.findIndex(([stop]) => stop >= value), 1);
    const [low, high] = [STOPS[next - 1], STOPS[next]];
    const part = (value - low[0]) / (high[0] - low[0]);
    const colour = [1, 2, 3].map((k) => low[k] + part * (high[k] - low[k]));
    pixels.data.set([...colour, 255 * 0.65 * Math.sqrt(value)], 4 * i);
  });
  paint.putImageData(pixels, 0, 0);
  return map;
}

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function box() {
  at("boxes").setAttribute("viewBox", `0 0 ${facts.width} ${facts.height}`);
  at("boxes").replaceChildren(...facts.tracks.map(outline));
  const size = Math.max(facts.width / 48, 12);
  for (const label of at("boxes").querySelectorAll(".label")) {
    const [plate, text] = label.children;
    text.setAttribute("font-size", size);
    const wide = text.getComputedTextLength() + size; // known only now that it is on the page
    const { x, y, bottom } = label.dataset;
    const top = y > 1.6 * size ? y - 1.6 * size : +bottom;
    for (const [key, value] of Object.entries({ x, y: top, width: wide, height: 1.6 * size })) plate.setAttribute(key, value);
    text.setAttribute("x", +x + size / 2);
    text.setAttribute("y", top + 1.15 * size);
  }
}

/** A face's box and, without a place yet, its label. */
function outline({ id, box: [x, y, width, height], verdict, score }) {
  const group = svg("g", { class: verdict });
  const label = svg("g", { class: "label", "data-x": x, "data-y": y, "data-bottom": y + height });
  const text = svg("text", {});
  text.textContent = `${id} ${verdict} ${score.toFixed(2)}`;
  label.append(svg("rect", {}), text);
  group.append(svg("rect", { x, y, width, height, class: "box" }), label);
  return group;
}

/** Where a score stands in its line's picture, which is 1 high. */
function height(score) {
  return (0.95 - 0.9 * score).toFixed(3);
}

function item(id) {
  const element = document.createElement("li");
  element.innerHTML = `<div class="line"><strong></strong><span class="badge"></span><span class="score"></span></div>
    <div class="why"></div><svg viewBox="0 0 ${SPAN_S} 1" preserveAspectRatio="none" aria-hidden="true">
    <line x2="${SPAN_S}"></line><polyline></polyline></svg>`;
  element.querySelector("strong").textContent = `Face ${id}`;
  for (const end of ["y1", "y2"]) element.querySelector("line").setAttribute(end, height(facts.threshold));
  at("tracks").prepend(element);
  return { element, points: [], verdict: "", seen: 0 };
}

function list() {
  const now = facts.frame_time;
  const news = [];
  for (const face of facts.tracks) {
    if (!tracks.has(face.id)) tracks.set(face.id, item(face.id));
    const track = tracks.get(face.id);
    if (track.verdict !== face.verdict) news.push(`Face ${face.id}: ${face.verdict}, ${face.score.toFixed(2)}`);
    update(track, face, now);
  }
  if (news.length) at("news").textContent = news.join("; ");
  for (const [id, track] of tracks) {
    track.element.classList.toggle("gone", track.seen < now);
    if (now - track.seen > GONE_S || now < track.seen) {
      track.element.remove();
      tracks.delete(id);
    }
  }
  at("nobody").hidden = tracks.size > 0;
}

function update(track, face, now) {
  const find = (selector) => track.element.querySelector(selector);
  track.seen = now;
  track.points.push([now, face.score]);
  while (track.points.length > POINTS || track.points[0][0] < now - SPAN_S) track.points.shift();
  const line = track.points.map(([time, score]) => `${(SPAN_S - now + time).toFixed(2)},${height(score)}`);
  find("polyline").setAttribute("points", line.join(" "));
  find(".score").textContent = face.score.toFixed(2);
  if (track.verdict === face.verdict && track.reason === face.reason) return;
  track.element.className = face.verdict;
  find(".badge").textContent = face.verdict;
  find(".why").textContent = face.reason || `since ${face.since.toFixed(1)} s`;
  [track.verdict, track.reason] = [face.verdict, face.reason];
}

function tell() {
  const seen = facts.tracks.map(({ id, verdict }) => `face ${id} ${verdict}`).join(", ");
  const label = `Live picture, ${seen || "no face"}`;
  if (at("picture").getAttribute("aria-label") !== label) at("picture").setAttribute("aria-label", label);
  at("source").textContent = facts.name;
  document.title = `${facts.name} – edgedf`;
  at("fps").textContent = facts.fps ?? "–";
  at("latency").textContent = `${Math.round(facts.latency_ms)} ms`;
  at("dropped").textContent = facts.dropped;
  at("count").textContent = facts.tracks.length;
}

at("pause").onclick = () => {
  paused = !paused;
  at("pause").setAttribute("aria-pressed", paused);
  if (paused) say("", "paused");
  else ask();
};

connect();
