/**
 * How many of the first `length` places something holds for, where it holds up to some place and
 * from there on for none.
 */
export function countWhile(length: number, holds: (place: number) => boolean): number {
  let low = 0, high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
