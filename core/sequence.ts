// Lists of any length: a call with a list spread into its arguments overflows the stack from some 100,000 items on,
// and the logs that people paste have more lines. Used wherever a list grows with a log.

export function appendAll<Item>(target: Item[], items: Iterable<Item>): void {
  for (const item of items) target.push(item);
}

/** The largest number; -Infinity of none. */
export function findLargest(numbers: Iterable<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const number of numbers) if (number > largest) largest = number;
  return largest;
}

/** The smallest number; Infinity of none. */
export function findSmallest(numbers: Iterable<number>): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const number of numbers) if (number < smallest) smallest = number;
  return smallest;
}
