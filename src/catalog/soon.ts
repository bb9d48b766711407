/** How long a read waits for the database when it has something in memory to answer with. */
const PATIENCE_MS = 250;

/** What is promised if it comes soon, or else what is known already. */
export async function soon<T>(promise: Promise<T>, known: T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(known), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
