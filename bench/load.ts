/** HTTP load from this process, by a client that costs less than what it calls. */

import { Connection } from "./connection.ts";
import { round } from "./measure.ts";
import { cpuTime, type Ports, readCpuTime } from "./server.ts";

const WARM_UP_MS = 1_000;
/** Slices are short, so that noise hits all sides alike. */
const SLICE_MS = 250;

/** A server, what is asked of it, and what it shall answer each time. */
export interface Load extends Ports {
  /** The next request, whole. */
  next(): Uint8Array;
  status: number;
}

/** How a server is loaded. */
export interface LoadOptions {
  /** Each has one request at a time. */
  connections: number;
  /** How often it has its turn. */
  slices: number;
}

/** What one side did. */
export interface Figures {
  requests: number;
  perSecond: number;
  /** Milliseconds from a request's first byte to its answer's last. */
  p50: number;
  p99: number;
  /** Of an answer's body, on average. */
  bytes: number;
  /** Microseconds of CPU time that the server uses for a request. */
  serverCpu: number;
  /**
   * How much of a core the two processes use. The system's work for their connections comes on top
   * of both, so where the server's is much the larger one, it is the server that limits the load.
   */
  serverBusy: number;
  loaderBusy: number;
  /** Requests per second in each slice. */
  slices: number[];
}

/** Loads several sides in turns, after each was warmed up. */
export async function loadInTurns(
  loads: Record<string, Load>,
  { connections, slices }: LoadOptions,
): Promise<Record<string, Figures>> {
  const runs: [name: string, Run][] = [];
  for (const [name, load] of Object.entries(loads)) {
    const run = await Run.start(load, connections);
    await run.slice(WARM_UP_MS);
    run.forget();
    runs.push([name, run]);
  }
  for (let i = 0; i < slices; i++) {
    // None always comes after the other.
    for (const [, run] of i % 2 === 0 ? runs : runs.toReversed()) await run.slice(SLICE_MS);
  }
  return Object.fromEntries(runs.map(([name, run]) => [name, run.end()]));
}

/** The load of one side, slice by slice. */
class Run {
  readonly #load: Load;
  readonly #connections: Connection[];
  #latencies: number[] = [];
  #slices: number[] = [];
  #bytes = 0;
  #seconds = 0;
  #serverSeconds = 0;
  #loaderSeconds = 0;

  private constructor(load: Load, connections: Connection[]) {
    this.#load = load;
    this.#connections = connections;
  }

  static async start(load: Load, connections: number): Promise<Run> {
    const opened = Array.from({ length: connections }, () => Connection.open(load.port));
    return new Run(load, await Promise.all(opened));
  }

  async slice(ms: number): Promise<void> {
    const before = this.#latencies.length;
    const serverBefore = await readCpuTime(this.#load), loaderBefore = cpuTime();
    const begun = performance.now();
    await Promise.all(this.#connections.map((connection) => this.#use(connection, begun + ms)));
    const seconds = (performance.now() - begun) / 1_000;
    this.#loaderSeconds += cpuTime() - loaderBefore;
    this.#serverSeconds += await readCpuTime(this.#load) - serverBefore;
    this.#seconds += seconds;
    this.#slices.push((this.#latencies.length - before) / seconds);
  }

  async #use(connection: Connection, until: number): Promise<void> {
    const { status } = this.#load;
    let now: number;
    do {
      const request = this.#load.next();
      const begun = performance.now();
      const bytes = await connection.ask(request, status);
      now = performance.now();
      this.#latencies.push(now - begun);
      this.#bytes += bytes;
    } while (now < until);
  }

  /** What was until now was to warm up. */
  forget(): void {
    [this.#latencies, this.#slices] = [[], []];
    this.#bytes =
      this.#seconds =
      this.#serverSeconds =
      this.#loaderSeconds =
        0;
  }

  end(): Figures {
    for (const connection of this.#connections) connection.close();
    const sorted = Float64Array.from(this.#latencies).sort();
    const requests = sorted.length;
    return {
      requests,
      perSecond: round(requests / this.#seconds),
      p50: round(sorted[Math.floor(requests * 0.5)]!),
      p99: round(sorted[Math.floor(requests * 0.99)]!),
      bytes: round(this.#bytes / requests),
      serverCpu: round(this.#serverSeconds / requests * 1_000_000),
      serverBusy: round(this.#serverSeconds / this.#seconds),
      loaderBusy: round(this.#loaderSeconds / this.#seconds),
      slices: this.#slices,
    };
  }
}
