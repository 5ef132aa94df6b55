'use strict';

// The stage: two pictures of a frame with a divider between them, and the player. Nothing is loaded: all pictures are in the page.

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId('data').textContent);
const canvas = byId('picture');
const pen = canvas.getContext('2d');
// Where it opens both sides differ: at the frame nearest to the middle that they do at.
const middle = (data.frames.length - 1) / 2;
const opensAt = data.frames
  .map((_, index) => index)
  .filter((index) => data.frames[index].pictures[data.left] !== data.frames[index].pictures[data.right])
  .sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
const state = { frame: opensAt[0] ?? 0, left: data.left, right: data.right, divider: 50, overlay: 'none', playing: false };

// Decoded once and kept, so that a frame is there when its turn comes.
const decoded = new Map();
function picture(address) {
  let found = decoded.get(address);
  if (!found) {
    found = new Image();
    found.src = address;
    found.ready = found.decode();
    decoded.set(address, found);
  }
  return found;
}

function picturesOf(index) {
  const frame = data.frames[index];
  const needed = [state.left, state.right].map((way) => picture(data.pictures[frame.pictures[way]]));
  if (state.overlay === 'visibility' && frame.overlay !== null) {
    needed.push(picture(data.overlays[frame.overlay]));
  }
  return needed;
}

let turn = 0;
function show() {
  const mine = ++turn;
  const needed = picturesOf(state.frame);
  tell();
  return Promise.all(needed.map((image) => image.ready)).then(() => {
    if (mine === turn) draw(needed);
  });
}

function draw([left, right, overlay]) {
  const { width, height } = canvas;
  const whole = (image) => pen.drawImage(image, 0, 0, width, height);
  pen.globalCompositeOperation = 'source-over';
  whole(left);
  if (state.overlay === 'difference') {
    pen.globalCompositeOperation = 'difference';
    whole(right);
    // Added to itself it is twice as bright, as often as the gain asks for.
    pen.globalCompositeOperation = 'lighter';
    for (let gain = 1; gain < data.gain; gain *= 2) whole(canvas);
    return;
  }
  const from = Math.round((width * state.divider) / 100);
  pen.save();
  pen.beginPath();
  pen.rect(from, 0, width - from, height);
  pen.clip();
  whole(right);
  pen.restore();
  if (overlay) whole(overlay);
}

// Says in words what is shown.
function tell() {
  const [left, right] = [state.left, state.right].map((way) => data.ways[way]);
  const { name } = data.frames[state.frame];
  const isDifference = state.overlay === 'difference';
  byId('name').textContent = `Frame ${state.frame + 1} of ${data.frames.length}: ${name}`;
  byId('frame').value = state.frame;
  byId('frame').setAttribute('aria-valuetext', `${state.frame + 1} of ${data.frames.length}, ${name}`);
  canvas.setAttribute(
    'aria-label',
    isDifference
      ? `${name}: difference of ${left} and ${right}`
      : `${name}: ${left} on the left of the divider, ${right} on the right`
  );
  const divider = byId('divider');
  divider.setAttribute('aria-valuenow', Math.round(state.divider));
  divider.setAttribute('aria-valuetext', `${Math.round(state.divider)} % ${left}`);
  divider.hidden = isDifference;
  byId('stage').classList.toggle('whole', isDifference);
  byId('stage').style.setProperty('--divider', `${state.divider}%`);
  byId('left-tag').textContent = isDifference ? `${left} − ${right}` : left;
  byId('right-tag').textContent = right;
  byId('left-tag').hidden = !isDifference && state.divider < 12;
  byId('right-tag').hidden = isDifference || state.divider > 88;
  const legend = byId('legend');
  legend.hidden = state.overlay === 'none';
  legend.textContent = isDifference
    ? `The difference of both pictures, ${data.gain} times as bright: black where they are equal.`
    : 'Orange: only the picture before shows it. Blue: only the picture after does. Each stands where its motion has carried it; the deeper, the surer.';
  document.dispatchEvent(new CustomEvent('frame', { detail: state.frame }));
}

function goTo(index) {
  state.frame = Math.min(Math.max(index, 0), data.frames.length - 1);
  return show();
}

function step(by) {
  pause();
  const count = data.frames.length;
  return goTo((state.frame + by + count) % count);
}

// The divider.

function divide(percent) {
  state.divider = Math.min(Math.max(percent, 0), 100);
  show();
}

function divideAt(event) {
  const box = byId('stage').getBoundingClientRect();
  divide((100 * (event.clientX - box.left)) / box.width);
}

byId('stage').addEventListener('pointerdown', (event) => {
  if (event.button !== 0 || state.overlay === 'difference') return;
  event.preventDefault();
  byId('stage').setPointerCapture(event.pointerId);
  byId('divider').focus({ preventScroll: true, focusVisible: false });
  divideAt(event);
});
byId('stage').addEventListener('pointermove', (event) => {
  if (byId('stage').hasPointerCapture(event.pointerId)) divideAt(event);
});
byId('divider').addEventListener('keydown', (event) => {
  const by = event.shiftKey ? 10 : 1;
  const to = {
    ArrowLeft: state.divider - by,
    ArrowDown: state.divider - by,
    ArrowRight: state.divider + by,
    ArrowUp: state.divider + by,
    PageDown: state.divider - 10,
    PageUp: state.divider + 10,
    Home: 0,
    End: 100,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  divide(to);
});

// The player.

let timer = 0;
function pause() {
  state.playing = false;
  clearTimeout(timer);
  byId('play').textContent = 'Play';
  byId('play').setAttribute('aria-pressed', 'false');
  byId('name').setAttribute('aria-live', 'polite');
}

function play() {
  state.playing = true;
  byId('play').textContent = 'Pause';
  byId('play').setAttribute('aria-pressed', 'true');
  // Nobody wants to hear the name of every frame that passes.
  byId('name').setAttribute('aria-live', 'off');
  // Counted from the start, so that what a frame takes does not add up.
  let due = performance.now();
  const advance = async () => {
    if (!state.playing) return;
    await goTo((state.frame + 1) % data.frames.length);
    due = Math.max(due + 1000 / (data.rate * Number(byId('speed').value)), performance.now() - 100);
    timer = setTimeout(advance, Math.max(0, due - performance.now()));
  };
  const all = data.frames.flatMap((_, index) => picturesOf(index));
  Promise.all(all.map((image) => image.ready)).then(advance);
}

byId('play').addEventListener('click', () => (state.playing ? pause() : play()));
byId('back').addEventListener('click', () => step(-1));
byId('next').addEventListener('click', () => step(1));
byId('frame').addEventListener('input', (event) => {
  pause();
  goTo(Number(event.target.value));
});
for (const side of ['left', 'right']) {
  byId(side).addEventListener('change', (event) => {
    state[side] = Number(event.target.value);
    show();
  });
}
for (const choice of document.getElementsByName('overlay')) {
  choice.addEventListener('change', () => {
    state.overlay = choice.value;
    show();
  });
}
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches('select')) return;
  // Space presses what has the focus, if that can be pressed.
  const presses = event.target.matches('button, input, summary, a');
  if (event.key === ',' || event.key === '.') {
    step(event.key === '.' ? 1 : -1);
  } else if (event.key === ' ' && !presses) {
    event.preventDefault();
    byId('play').click();
  }
});
// Browsers keep what was chosen when a page is loaded again.
byId('left').value = state.left;
byId('right').value = state.right;
document.getElementsByName('overlay')[0].checked = true;
show();
