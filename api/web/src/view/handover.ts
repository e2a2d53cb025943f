// Lines that one room hands to the editor of rules: a log may be long and hold what belongs in no address, so they wait
// in the page's own memory. In: the lines of a failure. Out: the same, once.
let waiting = '';

export function handOver(lines: string): void {
  waiting = lines;
}

export function takeLines(): string {
  return waiting;
}
