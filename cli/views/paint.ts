/** Colour for people. `plain` gives the words as they are. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  busy(text: string): string;
  faint(text: string): string;
  strong(text: string): string;
}

const wrap = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
const asIs = (text: string) => text;

export const plain: Paint = { good: asIs, bad: asIs, busy: asIs, faint: asIs, strong: asIs };
const colours: Paint = { good: wrap(32), bad: wrap(31), busy: wrap(36), faint: wrap(2), strong: wrap(1) };

/** Colours on a terminal, unless NO_COLOR says otherwise (no-color.org). */
export function paintFor(terminal: { readonly isTty: boolean }, env: Readonly<Record<string, string | undefined>>): Paint {
  return terminal.isTty && !env["NO_COLOR"] ? colours : plain;
}

/** Text from containers and repositories may hold terminal control sequences: nothing but tab and newline passes. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
