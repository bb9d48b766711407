/** The service: configuration, parts, cron, server, signals. */

import { createApp } from "./routes/app.ts";
import { type Config, ConfigError, ignoreProxies, loadConfig } from "./src/config.ts";
import { describeError, jsonLog } from "./src/log.ts";
import { createServices } from "./src/services.ts";

/** After this, whatever is still going on is cut off; Deno Deploy kills after 5 s. */
const SHUTDOWN_MS = 4_000;

const config = configOrExit();
const proxies = ignoreProxies();
if (proxies.length > 0) jsonLog("proxies ignored", { variables: proxies });
const stopping = new AbortController();
const starting = createServices(config, { log: jsonLog });

// Deno Deploy looks for crons before anything is awaited.
Deno.cron("sync what is due", "* * * * *", { signal: stopping.signal }, async () => {
  if (config.syncsDue) await (await starting).syncer.tick();
});

const services = await starting.catch((error) => exit(error.message));
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
const server = listen();

// What became due while no process was there.
if (config.syncsDue) services.syncer.tick();

globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  jsonLog("unhandled rejection", describeError(event.reason));
});

async function stop() {
  if (stopping.signal.aborted) return;
  stopping.abort();
  jsonLog("stopping");
  setTimeout(() => Deno.exit(0), SHUTDOWN_MS);
  await Promise.all([server.shutdown(), services.syncer.close()]);
  await services.close();
  jsonLog("stopped");
  Deno.exit(0);
}

function listen() {
  const { host: hostname, port } = config;
  const onListen = ({ hostname, port }: Deno.NetAddr) =>
    jsonLog("listening", {
      url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    });
  try {
    return Deno.serve({ hostname, port, onListen }, createApp(services).fetch);
  } catch (error) {
    return exit(`HOST and PORT: cannot listen on ${hostname}, port ${port}: ${error}`);
  }
}

function configOrExit(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return exit(error.message);
  }
}

/** One line for who starts it. */
function exit(message: string): never {
  // deno-lint-ignore no-console -- the log is for who watches it
  console.error(message);
  Deno.exit(1);
}
