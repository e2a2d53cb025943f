// A text of several lines → one line, for a sentence, a search over broken lines and the terminal.

/** Every break, with the blanks around it, becomes `mark`. A run of blanks is walked over once, however long it is. */
export function joinLines(text: string, mark = ' '): string {
  return text.replaceAll(/(?<!\s)\s*\n\s*/g, mark);
}
