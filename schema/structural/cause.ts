/** A reason why an object is not acceptable: `metav1.StatusCause` with every field present. `field` is `<nil>` for the object itself. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** The text of several causes inside a Status message: one plainly, more in brackets, repeated ones once. */
export function causesText(causes: readonly Cause[]): string {
  const texts = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
}
