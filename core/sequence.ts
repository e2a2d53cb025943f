// Handles lists of any length, such as those that grow with a log. A call that spreads a list into its arguments
// overflows the stack at about 100,000 items, and pasted logs have more lines.

export function appendAll<Item>(target: Item[], items: Iterable<Item>): void {
  for (const item of items) target.push(item);
}

/** Returns the largest number, or -Infinity if there is none. */
export function findLargest(numbers: Iterable<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const number of numbers) if (number > largest) largest = number;
  return largest;
}

/** Returns the smallest number, or Infinity if there is none. */
export function findSmallest(numbers: Iterable<number>): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const number of numbers) if (number < smallest) smallest = number;
  return smallest;
}

/** Groups the items by the key that `keyOf` returns. Each group keeps the order of the items. */
export function groupBy<Item>(
  items: Iterable<Item>,
  keyOf: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/**
 * Returns the index of the first item for which `is` is true, or the length if there is none. The list must be
 * partitioned: once `is` is true for an item, it is true for all later items.
 */
export function findFirst<T>(items: readonly T[], is: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item === undefined || is(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}
