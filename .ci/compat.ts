/** Writes `docs/kubesphere-compat.md` from the table of intended differences. */

import { DOCUMENT, renderDocument } from "../tests/conformance/document.ts";

await Deno.writeTextFile(DOCUMENT, renderDocument());
