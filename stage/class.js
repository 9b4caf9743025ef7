"use strict";
const [title, frame, image] = ["title", "frame", "image"].map(name => document.getElementById(name));

function show({title: name, frame: address, picture}) {
  title.textContent = name;
  frame.hidden = !address;
  image.hidden = !picture;
  if (frame.getAttribute("src") !== (address ?? "about:blank")) frame.src = address ?? "about:blank";
  if (picture) image.src = picture;
}

function connect() {
  const socket = new WebSocket(`${location.href.replace(/^http/, "ws").replace(/[?#].*/, "")}socket`);
  socket.onmessage = ({data}) => show(JSON.parse(data));
  socket.onclose = () => {
    title.textContent = "No connection. Trying again ...";
    setTimeout(connect, 2000 + 3000 * Math.random());  // not all at once
  };
}

connect();
