// Joins a text of several lines into one line, for a sentence, for a search across line breaks, and for the terminal.
// Pure functions.

/**
 * Replaces every line break, with the blanks around it, by `separator`. A run of blanks is scanned once, however long
 * it is.
 */
export function joinLines(text: string, separator = ' '): string {
  return text.replaceAll(/(?<!\s)\s*\n\s*/g, separator);
}
