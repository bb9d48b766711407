/** How long a read waits for the database when it has something in memory to answer with. */
const PATIENCE_MS = 250;

/** What did not come soon: nobody waits for it again. */
const overdue = new WeakSet<Promise<unknown>>();

/** What is promised if it comes soon, or else what is known already. */
export async function soon<T>(promise: Promise<T>, known: T): Promise<T> {
  if (overdue.has(promise)) return known;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => {
      overdue.add(promise);
      resolve(known);
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
