// Passes lines from a view to the rule editor. They stay in the memory of the page, because a log may be long and
// contain data that must not be in an address. Takes the lines of a failure; returns them once.
let waiting = '';

export function handOver(lines: string): void {
  waiting = lines;
}

export function takeLines(): string {
  return waiting;
}
