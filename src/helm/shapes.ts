const kept: object[] = [];

/**
 * Keeps an object alive for its shape. When a garbage collection finds no object of a class, V8
 * forgets the class's shape, and throws away all code that it has optimized for it. A service reads
 * an index now and then, with collections in between: each time it would begin slow again.
 */
export function keepShape(of: object): void {
  kept.push(of);
}
