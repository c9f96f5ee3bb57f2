/** One object or list on the way down: its fields so far, or the index of the item. */
interface Frame {
  readonly fields: Set<string> | undefined;
  readonly path: string;
  field: string;
  index: number;
  awaitsField: boolean;
}

function pathOf(frame: Frame): string {
  if (!frame.fields) return `${frame.path}[${frame.index}]`;
  return frame.path === "" ? frame.field : `${frame.path}.${frame.field}`;
}

function open(frames: Frame[], isObject: boolean): void {
  const parent = frames.at(-1);
  frames.push({ fields: isObject ? new Set() : undefined, path: parent ? pathOf(parent) : "", field: "", index: 0, awaitsField: isObject });
}

/** The position after a string that begins at `start`. */
function endOfString(json: string, start: number): number {
  let index = start + 1;
  while (json[index] !== '"') index += json[index] === "\\" ? 2 : 1;
  return index + 1;
}

function noteField(frame: Frame, field: string, found: Set<string>): void {
  frame.field = field;
  frame.awaitsField = false;
  if (frame.fields?.has(field)) found.add(pathOf(frame));
  frame.fields?.add(field);
}

function separate(frame: Frame | undefined): void {
  if (!frame) return;
  if (frame.fields) frame.awaitsField = true;
  else frame.index += 1;
}

/** Paths of the fields that an object of this JSON text names more than once. The text must be valid JSON. */
export function duplicateFields(json: string): string[] {
  const found = new Set<string>();
  const frames: Frame[] = [];
  for (let index = 0; index < json.length;) {
    const char = json[index];
    if (char === '"') {
      const end = endOfString(json, index);
      const frame = frames.at(-1);
      if (frame?.awaitsField) noteField(frame, JSON.parse(json.slice(index, end)) as string, found);
      index = end;
      continue;
    }
    if (char === "{" || char === "[") open(frames, char === "{");
    else if (char === "}" || char === "]") frames.pop();
    else if (char === ",") separate(frames.at(-1));
    index += 1;
  }
  return [...found];
}
