// A scatter plot as SVG text: bill against flipper, one mark per penguin, a ring around each mistake.
const WIDTH = 860;
const HEIGHT = 560;
const AREA = { left: 70, right: 640, top: 60, bottom: 490 };
// Three colours that people with any colour vision can tell apart, and three shapes besides.
const MARKS = [
  { colour: "#e69f00", path: "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0" },
  { colour: "#cc3377", path: "M0,-5.5L5,3.8L-5,3.8Z" },
  { colour: "#0072b2", path: "M-4.2,-4.2H4.2V4.2H-4.2Z" },
];

function axis(values, from, to) {
  const low = Math.floor(Math.min(...values) / 5) * 5;
  const high = Math.ceil(Math.max(...values) / 5) * 5;
  const step = (high - low) / 5 > 8 ? 10 : 5;
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return { at: (value) => from + ((value - low) / (high - low)) * (to - from), ticks };
}

export function drawPlot({ predictions, species, accuracies, mean }) {
  const x = axis(
    predictions.map((row) => Number(row.flipper_length_mm)),
    AREA.left,
    AREA.right,
  );
  const y = axis(
    predictions.map((row) => Number(row.bill_length_mm)),
    AREA.bottom,
    AREA.top,
  );
  const parts = [];
  const text = (left, top, words, extra = "") => parts.push(`<text x="${left}" y="${top}" ${extra}>${words}</text>`);

  text(AREA.left, 32, "Penguins told apart by their measurements", 'font-size="20" font-weight="600"');
  for (const tick of x.ticks) {
    parts.push(`<path d="M${x.at(tick)},${AREA.top}V${AREA.bottom}" stroke="#e8e8e8"/>`);
    text(x.at(tick), AREA.bottom + 20, tick, 'text-anchor="middle"');
  }
  for (const tick of y.ticks) {
    parts.push(`<path d="M${AREA.left},${y.at(tick)}H${AREA.right}" stroke="#e8e8e8"/>`);
    text(AREA.left - 10, y.at(tick) + 4, tick, 'text-anchor="end"');
  }
  text((AREA.left + AREA.right) / 2, AREA.bottom + 46, "flipper length, mm", 'text-anchor="middle"');
  text(0, 0, "bill length, mm", `text-anchor="middle" transform="translate(24 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)"`);

  for (const row of predictions) {
    const mark = MARKS[species.indexOf(row.species) % MARKS.length];
    const place = `translate(${x.at(Number(row.flipper_length_mm)).toFixed(1)} ${y.at(Number(row.bill_length_mm)).toFixed(1)})`;
    parts.push(`<path d="${mark.path}" transform="${place}" fill="${mark.colour}" fill-opacity=".7"><title>${row.species}, ${row.island}</title></path>`);
    if (row.predicted !== row.species) parts.push(`<circle r="9" transform="${place}" fill="none" stroke="#d00000" stroke-width="2"/>`);
  }

  const right = AREA.right + 40;
  species.forEach((name, index) => {
    const mark = MARKS[index % MARKS.length];
    parts.push(`<path d="${mark.path}" transform="translate(${right} ${AREA.top + 10 + index * 26})" fill="${mark.colour}"/>`);
    text(right + 16, AREA.top + 15 + index * 26, name);
  });
  const below = AREA.top + 10 + species.length * 26;
  parts.push(`<circle r="9" cx="${right}" cy="${below}" fill="none" stroke="#d00000" stroke-width="2"/>`);
  text(right + 16, below + 5, "told wrong");

  text(right - 8, below + 70, "Accuracy by fold", 'font-weight="600"');
  accuracies.forEach((accuracy, fold) => {
    const top = below + 84 + fold * 24;
    parts.push(`<rect x="${right - 8}" y="${top}" width="150" height="14" fill="#eee"/>`);
    parts.push(`<rect x="${right - 8}" y="${top}" width="${(150 * accuracy).toFixed(1)}" height="14" fill="#558866"/>`);
    text(right - 2, top + 11, `${fold}: ${(accuracy * 100).toFixed(1)}%`, 'font-size="11" fill="#fff"');
  });
  text(right - 8, below + 84 + accuracies.length * 24 + 18, `mean ${(mean * 100).toFixed(1)}%`);

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="#222">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
}
