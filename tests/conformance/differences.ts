/** Every intended difference from KubeSphere 3.4.1: the one table, in its parts. */

import { APPS } from "./differences/apps.ts";
import type { Difference } from "./differences/difference.ts";
import { ERRORS } from "./differences/errors.ts";
import { LISTS } from "./differences/lists.ts";
import { NOT_HERE } from "./differences/not_here.ts";
import { PACKAGES } from "./differences/packages.ts";
import { REPOSITORIES } from "./differences/repositories.ts";
import { SYNCING } from "./differences/syncing.ts";
import { TRANSPORT } from "./differences/transport.ts";

/** Differences by the part of the API that they are in, in the order of the document. */
export const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  "Errors and status codes": ERRORS,
  "Repositories": REPOSITORIES,
  "Syncing": SYNCING,
  "Apps and versions": APPS,
  "Packages": PACKAGES,
  "Lists": LISTS,
  "Transport": TRANSPORT,
  "Not here": NOT_HERE,
};

export const ALL: readonly Difference[] = Object.values(DIFFERENCES).flat();
