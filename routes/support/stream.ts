/** Long bodies, made while they are read. */

/** How long a client may not read before its answer is cut off, in milliseconds. */
export const STALL_MS = 30_000;

/**
 * A body of pieces, each made when there is room for it. It is cut off if nobody reads for
 * {@link STALL_MS}, since what it is made of is held meanwhile. `onEnd` is called once, however it ends.
 */
export function streamOf(
  pieces: AsyncIterable<string>,
  onEnd: () => void = () => {},
): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator](), encoder = new TextEncoder();
  let stall: ReturnType<typeof setTimeout> | undefined, hasEnded = false;
  const end = async () => {
    clearTimeout(stall);
    if (hasEnded) return;
    hasEnded = true;
    onEnd();
    await iterator.return?.().catch(() => {});
  };
  const wait = (controller: ReadableStreamDefaultController) => {
    stall = setTimeout(() => {
      controller.error(new Error("the client does not read"));
      end();
    }, STALL_MS);
  };
  return new ReadableStream({
    start: wait,
    async pull(controller) {
      clearTimeout(stall);
      try {
        const { done, value } = await iterator.next();
        if (hasEnded) return;
        if (!done) {
          controller.enqueue(encoder.encode(value));
          wait(controller);
          return;
        }
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      await end();
    },
    cancel: end,
  }, { highWaterMark: 0 });
}
