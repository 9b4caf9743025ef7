"use strict";
const [back, title, next, others, topicList, picture, frame, image, lines, caption, below, showRuns, showPrinted,
  chart, runList, printed, text, classNote] =
  ["back", "title", "next", "others", "topics", "picture", "frame", "image", "lines", "caption", "below",
    "show-runs", "show-printed", "chart", "runs", "printed", "text", "class"]
    .map(name => document.getElementById(name));
const COLORS = ["#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#666666"], OWN = "#D55E00";

let socket, topics = null, topic = 0, slot = 0;  // the topic that is shown, and the command in it
let programs = {}, about = {line: "", there: null, runs: []};
let shownPicture = null;  // which of a run's pictures, by its name
const edited = new Map(), ticked = new Set();  // commands as the user has changed them; folders of runs
let terminal = false;  // whether the terminal is shown instead of the runs
let told = "";

function send(...what) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what));
}

function add(place, kind, content = "", name = "") {
  const element = place.appendChild(document.createElement(kind));
  element.textContent = content;
  element.className = name;
  return element;
}

// -- topics, commands, programs

function commandsOf(number) {
  return topics[number].parts.flatMap(part => part.commands ?? []);
}

function programOf(number, command) {  // the last one that this command has started
  return Object.values(programs).findLast(({place}) => place[0] === number && place[1] === command);
}

function numberOf(program) {
  return Number(Object.keys(programs).find(number => programs[number] === program));
}

function lineOf(number, command) {
  const line = edited.get(`${number} ${command}`) ?? programOf(number, command)?.line;
  return line ?? commandsOf(number)[command]?.line ?? "";
}

function works(program) {
  return program.state === "working" || program.state === "stopping";
}

function statusOf(program) {
  if (program.state === "stopping") return "stopping, and saving ...";
  if (program.trouble) return program.trouble;
  if (program.result) return program.result;
  if (program.state === "ended") return "ended";
  if (!program.address) return program.trains ? "loading Keras ..." : "opening ...";
  if (!program.trains) return "open";
  return program.epochs ? `epoch ${program.epochs[0]} of ${program.epochs[1]}` : "first epoch";
}

function share(program) {  // of the epochs that are done
  return program.epochs && !program.result ? program.epochs[0] / program.epochs[1] : 0;
}

function showShare(place, program) {
  const bar = place.querySelector(".bar") ?? add(place, "span", "", "bar");
  bar.style.width = program ? `${100 * share(program)}%` : 0;
}

function start(command) {
  slot = command;
  send("start", lineOf(topic, slot), [topic, slot]);
  render();
}

function startNext() {  // the command that is shown, or the next one if that has been shown already
  const commands = commandsOf(topic), line = lineOf(topic, slot).trim();
  if (!commands.length) return;
  if (programOf(topic, slot)?.line === line || (about.there && about.line.trim() === line)) {
    if (slot + 1 >= commands.length) return;
    choose(topic, slot + 1);
    pending = true;  // whether a run is there, the server says
  } else {
    start(slot);
  }
}
let pending = false;

function choose(number, command = 0) {
  if (number < 0 || number >= topics.length) return;
  const other = number !== topic;
  [topic, slot] = [number, command];
  [pending, shownPicture, terminal] = [false, null, false];
  topicList.classList.remove("wide");
  if (other) renderTopic();
  render();
}

// -- what is seen

function renderTopic() {
  title.textContent = document.title = topics[topic].title;
  text.textContent = "";
  text.parentElement.scrollTop = 0;
  let count = 0;
  for (const part of topics[topic].parts) {
    if (part.html !== undefined) {
      add(text, "div").innerHTML = part.html;  // made by our server, which escapes all text
    } else {
      for (const _ of part.commands) renderCommand(count++);
    }
  }
  let before = 0;
  for (const element of text.querySelectorAll(".command, code")) {
    if (element.matches(".command")) {
      before = Number(element.dataset.slot);
    } else if (/^(--|python3 ).*[^-]$/.test(element.textContent) && count) {
      const command = before;
      element.classList.add("flags");
      element.title = "put it into the command";
      element.onclick = () => change(command, element.textContent.replace(/\s+/g, " "));
    }
  }
}

function renderCommand(number) {
  const place = add(text, "div", "", "command"), line = add(place, "textarea"), row = add(place, "div", "", "row");
  place.dataset.slot = number;
  line.value = lineOf(topic, number);
  line.rows = 1;
  line.spellcheck = false;
  line.oninput = () => {
    edited.set(`${topic} ${number}`, line.value.replace(/\n/g, " "));
    fit(line);
    render();
  };
  line.onkeydown = event => {
    if (event.key === "Escape") line.blur();
    if (event.key !== "Enter") return;
    event.preventDefault();
    line.blur();
    start(number);
  };
  place.onclick = () => { if (slot !== number) choose(topic, number); };
  add(row, "button", "▶ start", "start").onclick = () => start(number);
  add(row, "button", "■ stop", "stop").onclick = () => send("stop", numberOf(programOf(topic, number)));
  add(row, "span", "", "status");
  add(place, "div", "", "done");
  fit(line);
}

function fit(line) {
  line.style.height = "auto";
  line.style.height = `${line.scrollHeight}px`;
}

function change(number, words) {  // flags are added to the command, a whole command replaces it
  const base = commandsOf(topic)[number].line;
  edited.set(`${topic} ${number}`, words.startsWith("python3 ") ? words : `${base} ${words}`);
  const line = text.querySelector(`.command[data-slot="${number}"] textarea`);
  line.value = lineOf(topic, number);
  fit(line);
  choose(topic, number);
  line.scrollIntoView({block: "nearest"});
}

function seen() {  // what the picture's place shows: [kind, content, what the class sees, caption]
  const program = programOf(topic, slot), command = commandsOf(topic)[slot], line = lineOf(topic, slot);
  const name = command?.pictures[0];
  if (program && program.state !== "ended") {
    if (program.address) return ["frame", program.address, ["program", numberOf(program)], ""];
    if (name) return ["image", `docs/${name}`, ["docs", name], statusOf(program)];
    return ["lines", program.lines.slice(-14).join("\n") || "Loading Keras ...", null, ""];
  }
  if (about.line === line && about.there) {
    const {folder, test, pictures} = about.there;
    const wanted = shownPicture ?? command.pictures[0]?.replace(/^.*-/, "");
    const [number] = pictures.find(([, name]) => name === wanted) ?? pictures[0];
    return ["image", `runs/${number}`, ["runs", number], `${folder}: ${test}. “again” trains it once more.`];
  }
  if (program && program.line === line.trim() && (program.trains || program.trouble)) {
    return ["lines", program.lines.slice(-14).join("\n"), null, program.trouble ? "" : "It has ended."];
  }
  if (name) return ["image", `docs/${name}`, ["docs", name], "So it will look. Enter starts the command."];
  return ["lines", command ? "Enter starts the command." : "", null, ""];
}

function render() {
  const [kind, content, forClass, said] = seen();
  frame.hidden = kind !== "frame";
  image.hidden = kind !== "image";
  lines.hidden = kind !== "lines";
  if (kind === "lines") lines.textContent = content;
  if (kind === "image" && image.getAttribute("src") !== content) image.src = content;
  showFrame(kind === "frame" ? content : null);
  renderCaption(said, kind === "image" && about.there?.pictures.length > 1 ? about.there.pictures : []);
  renderStatus();
  renderOthers();
  renderBelow();
  const tell = JSON.stringify(["show", [topic, slot], lineOf(topic, slot), forClass]);
  if (tell !== told && socket.readyState === WebSocket.OPEN) {
    told = tell;
    socket.send(tell);
  }
}

let drawnCaption = "";
function renderCaption(said, pictures) {
  const news = JSON.stringify([said, pictures]);
  if (news === drawnCaption) return;  // what is the same stays as it is, so that a click on it is not lost
  drawnCaption = news;
  caption.textContent = said;
  caption.className = "";
  for (const [, name] of pictures) {
    add(caption, "button", name.replace(/\.png$/, "").replace("_", " ")).onclick = () => {
      shownPicture = name;
      render();
    };
  }
}

function complain(trouble) {
  [caption.textContent, caption.className, drawnCaption] = [trouble, "trouble", ""];
}

function showFrame(address) {
  if ((frame.dataset.address ?? null) === address) return;
  if (address === null) {
    delete frame.dataset.address;
    frame.src = "about:blank";
    return;
  }
  frame.dataset.address = address;
  frame.src = address;
}

function renderStatus() {
  for (const place of text.querySelectorAll(".command")) {
    const number = Number(place.dataset.slot), program = programOf(topic, number);
    const [startButton, stopButton, status, done] =
      ["start", "stop", "status", "done"].map(name => place.querySelector(`.${name}`));
    const alive = program && program.state !== "ended", there = number === slot && about.there;
    place.classList.toggle("now", number === slot);
    startButton.textContent = program?.line === lineOf(topic, number).trim() || there ? "▶ again" : "▶ start";
    startButton.hidden = Boolean(program && works(program));
    stopButton.hidden = !alive || program.state === "stopping";
    stopButton.textContent = program && works(program) ? "■ stop" : "■ close";
    status.textContent = program ? statusOf(program) : "";
    status.classList.toggle("trouble", Boolean(program?.trouble));
    done.hidden = !(program && works(program));
    showShare(done, program);
  }
}


const visited = new Set();  // finished trainings that have been shown since
function isShown({place}) {
  return place[0] === topic && place[1] === slot;
}

function renderOthers() {
  const working = Object.values(programs).filter(works);
  for (const program of Object.values(programs)) {
    if (isShown(program) && program.result) visited.add(numberOf(program));
  }
  const told = Object.values(programs).filter(program =>
    !isShown(program) && (works(program) || (program.result && !visited.has(numberOf(program)))));
  const numbers = told.map(program => `${numberOf(program)}`);
  for (const button of [...others.children]) if (!numbers.includes(button.dataset.number)) button.remove();
  told.forEach((program, i) => {  // a button stays while its words change, so that a click on it is not lost
    const [number, command] = program.place, name = topics[number].title.replace(/^(\d+\. [^:,]*).*/, "$1");
    const button = others.querySelector(`[data-number="${numbers[i]}"]`) ?? add(others, "button");
    const words = button.firstChild ?? add(button, "span");
    words.textContent = `${name}: ${program.result ? "done" : statusOf(program)}`;
    button.dataset.number = numbers[i];
    button.onclick = () => choose(number, command);
    showShare(button, program);
  });
  [...topicList.children].forEach((button, number) => {
    button.classList.toggle("now", number === topic);
    showShare(button, working.find(({place}) => place[0] === number));
  });
}

function renderBelow() {
  const runs = about.line === lineOf(topic, slot) ? about.runs : [], program = programOf(topic, slot);
  below.hidden = !(runs.length || (program?.lines.length && !frame.hidden));
  if (below.hidden) return;
  const asText = terminal || !runs.length;
  showRuns.hidden = !runs.length;
  showPrinted.hidden = !program;
  showRuns.classList.toggle("now", !asText);
  showPrinted.classList.toggle("now", asText);
  [chart.style.display, runList.hidden, printed.hidden] = [asText ? "none" : "", asText, !asText];
  if (asText) {
    const atEnd = printed.scrollTop + printed.clientHeight > printed.scrollHeight - 30;
    printed.textContent = program?.lines.join("\n") ?? "";
    if (atEnd) printed.scrollTop = printed.scrollHeight;
  } else {
    renderRuns(runs);
  }
}

let drawnRuns = "";
function renderRuns(runs) {
  const news = JSON.stringify([runs, [...ticked]]);
  if (news === drawnRuns) return;  // what is the same stays as it is, so that a click on it is not lost
  drawnRuns = news;
  const drawn = [], table = document.createElement("table");
  runs.forEach((run, i) => {
    const row = add(table, "tr", "", run.current ? "now" : ""), shown = run.current || ticked.has(run.folder);
    const color = run.current ? OWN : COLORS[(i - 1 + COLORS.length) % COLORS.length];
    const tick = add(add(row, "td"), "input");
    [tick.type, tick.checked, tick.disabled] = ["checkbox", shown, run.current];
    tick.setAttribute("aria-label", run.folder);
    tick.onchange = () => {
      ticked[tick.checked ? "add" : "delete"](run.folder);
      render();
    };
    add(add(row, "td"), "i").style.background = shown ? color : "none";
    add(add(row, "td", run.folder.replace(/^runs\//, "").replaceAll("_", "_\u200b")), "div", run.differs);
    add(row, "td", run.test);
    add(row, "td", run.seconds === null ? "" : `${Math.round(run.seconds)} s`);
    if (shown && run.metric === runs[0].metric) drawn.push([run, color]);
  });
  const [left, top] = [runList.scrollLeft, runList.scrollTop];
  runList.replaceChildren(table);
  runList.scrollTo(left, top);
  draw(drawn, runs[0].metric);
}

function draw(drawn, metric) {  // the curves; the run of the command is the first, and in front
  chart.textContent = "";
  if (!drawn.length) return;
  const points = drawn.flatMap(([run]) => run.points), values = points.map(([, value]) => value);
  const last = Math.max(2, ...points.map(([epoch]) => epoch));
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) [low, high] = [low - 0.01, high + 0.01];
  const x = epoch => 62 + 345 * (epoch - 1) / (last - 1), y = value => 150 - 122 * (value - low) / (high - low);
  const written = value => metric.includes("acc") ? `${(100 * value).toFixed(1)} %` : value.toPrecision(3);
  mark("path", {d: "M62 22V154H410", fill: "none", stroke: "#666666"});
  mark("text", {x: 62, y: 14}, `test ${metric.replaceAll("_", " ")}`);
  mark("text", {x: 56, y: 33, "text-anchor": "end"}, written(high));
  mark("text", {x: 56, y: 154, "text-anchor": "end"}, written(low));
  mark("text", {x: 62, y: 176, "text-anchor": "middle"}, "1");
  mark("text", {x: 410, y: 176, "text-anchor": "end"}, `epoch ${last}`);
  for (const [run, color] of drawn.toReversed()) {
    const path = run.points.map(([epoch, value]) => `${x(epoch).toFixed(1)} ${y(value).toFixed(1)}`);
    mark("polyline", {points: path.join(" "), fill: "none", stroke: color, "stroke-width": run.current ? 4 : 2});
    const [epoch, value] = run.points.at(-1);
    mark("circle", {cx: x(epoch), cy: y(value), r: run.current ? 5 : 3, fill: color});
  }
}

function mark(kind, about, content = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(about)) element.setAttribute(name, value);
  element.textContent = content;
  chart.append(element);
}

// -- messages from the server

function hear(said) {
  if (said.refused) {
    complain(said.refused);
    return;
  }
  if (said.topics) {
    const first = topics === null;
    topics = said.topics;
    if (first) [topic, slot] = said.place;
    topicList.textContent = "";
    topics.forEach((one, number) => {
      const [, count, name] = one.title.match(/^(\d+)?\.? ?(.*)$/), button = add(topicList, "button", count ?? "·");
      add(button, "span", `. ${name}`, "name");
      button.title = one.title;
      button.onclick = () => choose(number);
    });
    classNote.textContent = said.class ? `The class looks on at ${said.class}` : "";
  }
  ({programs, about} = said);
  if (said.topics) renderTopic();
  if (pending && about.line === lineOf(topic, slot)) {
    pending = false;
    if (!about.there && !programOf(topic, slot)) start(slot);
  }
  const trouble = caption.className === "trouble" && caption.textContent;
  render();
  if (trouble && !said.topics) complain(trouble);
}

function connect() {
  socket = new WebSocket(`${location.href.replace(/^http/, "ws").replace(/[?#].*/, "")}socket`);
  socket.onmessage = ({data}) => hear(JSON.parse(data));
  socket.onclose = () => {
    told = "";
    complain("The lecture has ended, or there is no connection. Trying again ...");
    setTimeout(connect, 1000);
  };
}

// -- the user's actions

back.onclick = () => choose(topic - 1);
next.onclick = () => choose(topic + 1);
title.onclick = () => {
  topicList.classList.toggle("wide");
  topicList.style.top = `${title.parentElement.offsetHeight}px`;
};
showRuns.onclick = () => { terminal = false; render(); };
showPrinted.onclick = () => { terminal = true; render(); };

const KEYS = {
  n: () => choose(topic + 1),
  PageDown: () => choose(topic + 1),
  PageUp: () => choose(topic - 1),
  Enter: startNext,
  t: () => title.onclick(),
  f: () => document.fullscreenElement ? document.exitFullscreen() : picture.requestFullscreen(),
};
const WITHOUT_PICTURE = {
  ArrowRight: KEYS.n, ArrowLeft: KEYS.PageUp, p: KEYS.PageUp, Escape: () => topicList.classList.remove("wide"),
};

addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || !topics) return;
  if (event.target.matches("textarea")) return;
  if (event.target.matches("button, input") && (event.key === " " || event.key === "Enter")) return;
  const action = KEYS[event.key] ?? (frame.hidden ? WITHOUT_PICTURE[event.key] : null);
  if (action) {
    action();
  } else if (!frame.hidden) {
    frame.contentWindow.postMessage(event.key, new URL(frame.src).origin);
  }
  if (action || event.key === " " || /^(Arrow|Page)/.test(event.key)) event.preventDefault();
});

// a button that was clicked does not keep the keys
addEventListener("click", event => {
  if (event.detail) event.target.closest("button, input")?.blur();
});

// after a click into the picture, the keys come here again; it gets those that are its own
addEventListener("blur", () => setTimeout(() => {
  if (document.activeElement === frame) {
    frame.blur();
    window.focus();
  }
}));

connect();
