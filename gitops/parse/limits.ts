/** What a repository may ask of us. Beyond these, a clear problem; nothing is read or expanded further. */
export const LIMITS = {
  /** Bytes of one YAML file. */
  fileBytes: 4 * 1024 * 1024,
  /** The parser pays for every line, also for empty ones. */
  linesPerFile: 250_000,
  documentsPerFile: 5_000,
  /** Values of one document after expanding its aliases. */
  valuesPerDocument: 250_000,
  aliasesPerDocument: 1_000,
  depth: 100,
  /** YAML files of one repository path. */
  files: 50_000,
  /** Problems that one file reports. */
  problemsPerFile: 50,
} as const;
