// A text of several lines → one line: for a sentence (template.ts), a search over lines that somebody broke
// (excerpt.ts, condition.ts), and the terminal (explain.ts). Pure.

/** Every break, with the blanks around it, becomes `mark`. A run of blanks is walked over once, however long it is. */
export function joinLines(text: string, mark = ' '): string {
  return text.replaceAll(/(?<!\s)\s*\n\s*/g, mark);
}
