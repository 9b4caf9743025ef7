"use strict";
const [title, frame, image, part] = ["title", "frame", "image", "part"].map(name => document.getElementById(name));
if (!window.name.startsWith("artist ")) {  // who draws in the frame is the same when this page is loaded again
  window.name = `artist ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
}
frame.name = window.name;

function show({title: name, frame: address, picture}) {
  title.textContent = name;
  frame.hidden = !address;
  image.hidden = !picture;
  if (frame.getAttribute("src") !== (address ?? "about:blank")) frame.src = address ?? "about:blank";
  if (picture) image.src = part.firstElementChild.src = picture;
}

image.onclick = ({offsetX, offsetY}) => {  // on a phone, the part around this place
  const {scrollWidth, scrollHeight, clientWidth, clientHeight} = part;
  part.scrollTo(
    offsetX / image.width * scrollWidth - clientWidth / 2, offsetY / image.height * scrollHeight - clientHeight / 2);
};

function connect() {
  const socket = new WebSocket(`${location.href.replace(/^http/, "ws").replace(/[?#].*/, "")}socket`);
  socket.onmessage = ({data}) => show(JSON.parse(data));
  socket.onclose = () => {
    title.textContent = "No connection. Trying again ...";
    setTimeout(connect, 2000 + 3000 * Math.random());  // not all at once
  };
}

connect();
