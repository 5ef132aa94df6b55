// Charts: the measures by frame. A click goes to the nearest frame.

// The name space as the parser knows it: the page holds no address, not even this one.
const SVG = document.createRange().createContextualFragment('<svg></svg>').firstChild.namespaceURI;
const HEIGHT_PX = 190;
const MARGIN_PX = { left: 48, right: 12, top: 10, bottom: 24 };

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Round numbers from at most `low` to at least `high`, some four steps.
function ticks(low, high) {
  const raw = (high - low || Math.abs(high) || 1) / 4;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * [1, 2, 2.5, 5, 10].find((times) => times * unit >= raw * 0.999);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
}

function plot(holder) {
  const measure = data.measures[Number(holder.dataset.measure)];
  const width = Math.max(holder.clientWidth, 160);
  const values = measure.series.flatMap((series) => series.values).filter((value) => value !== null);
  const last = Math.max(data.frames.length - 1, 1);
  const marks = values.length ? ticks(Math.min(...values), Math.max(...values)) : [0, 1];
  const [low, high] = [marks[0], marks[marks.length - 1]];
  const inner = { width: width - MARGIN_PX.left - MARGIN_PX.right, height: HEIGHT_PX - MARGIN_PX.top - MARGIN_PX.bottom };
  const x = (index) => MARGIN_PX.left + (inner.width * index) / last;
  const y = (value) => MARGIN_PX.top + (inner.height * (high - value)) / (high - low);
  const digits = Math.max(0, Math.min(measure.digits, Math.ceil(-Math.log10(marks[1] - marks[0]) + 0.5)));

  const mean = (series) => {
    const known = series.values.filter((value) => value !== null);
    return known.length ? (known.reduce((sum, value) => sum + value, 0) / known.length).toFixed(measure.digits) : 'none';
  };
  const means = measure.series.map((series) => `${data.ways[series.way]} ${mean(series)}`).join(', ');
  const svg = shape('svg', {
    width,
    height: HEIGHT_PX,
    viewBox: `0 0 ${width} ${HEIGHT_PX}`,
    role: 'img',
    'aria-label': `${measure.name} by frame; means: ${means}`,
  });
  for (const mark of marks) {
    svg.append(shape('line', { class: 'grid', x1: MARGIN_PX.left, x2: width - MARGIN_PX.right, y1: y(mark), y2: y(mark) }));
    svg.append(shape('text', { x: MARGIN_PX.left - 6, y: y(mark) + 4, 'text-anchor': 'end' }, mark.toFixed(digits)));
  }
  svg.append(shape('text', { x: MARGIN_PX.left, y: HEIGHT_PX - 6 }, 'frame 1'));
  svg.append(shape('text', { x: width - MARGIN_PX.right, y: HEIGHT_PX - 6, 'text-anchor': 'end' }, `${data.frames.length}`));
  measure.series.forEach((series, index) => {
    const group = shape('g', { class: `series-${index}` });
    let path = '';
    let isOpen = false;
    series.values.forEach((value, frame) => {
      if (value !== null) {
        path += `${isOpen ? 'L' : 'M'}${x(frame).toFixed(1)} ${y(value).toFixed(1)}`;
        group.append(shape('circle', { cx: x(frame), cy: y(value), r: 2.5 }));
      }
      isOpen = value !== null;
    });
    group.prepend(shape('path', { class: 'line', d: path }));
    svg.append(group);
  });
  const now = shape('line', { class: 'now', y1: MARGIN_PX.top, y2: HEIGHT_PX - MARGIN_PX.bottom });
  svg.append(now);
  const mark = (frame) => {
    now.setAttribute('x1', x(frame));
    now.setAttribute('x2', x(frame));
  };
  mark(state.frame);
  holder.mark = mark;
  svg.addEventListener('click', (event) => {
    const at = event.clientX - svg.getBoundingClientRect().left - MARGIN_PX.left;
    pause();
    goTo(Math.round((last * at) / inner.width));
  });
  holder.replaceChildren(svg);
}

const plots = Array.from(document.querySelectorAll('.plot'));
document.addEventListener('frame', (event) => plots.forEach((holder) => holder.mark && holder.mark(event.detail)));
const sized = new ResizeObserver((entries) => entries.forEach((entry) => plot(entry.target)));
plots.forEach((holder) => sized.observe(holder));
for (const button of document.querySelectorAll('button[data-frame]')) {
  button.addEventListener('click', () => {
    pause();
    goTo(Number(button.dataset.frame));
  });
}
