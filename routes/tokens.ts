/** `/tokens`: who is let in; and `/whoami`: who is asking. */

import { Hono } from "hono";
import { allowed, type Identity } from "../src/access/policy.ts";
import { parseTokenInput } from "../src/access/tokens.ts";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import type { ListedToken } from "../src/store/tokens.ts";
import { tellAudit } from "./support/audit.ts";
import { authorize, authorizeSomewhere, type Env } from "./support/authenticate.ts";
import { readObject } from "./support/body.ts";
import { parsePaging, slice } from "./support/paging.ts";

export function tokens({ tokens, clock }: Services) {
  return new Hono<Env>()
    .post("/", async (c) => {
      authorizeSomewhere(c, "write", "token");
      const input = parseTokenInput(await readObject(c), clock());
      authorize(c, "write", { kind: "token", workspace: input.workspace });
      const { id, token } = await tokens.create(input, c.get("identity").name);
      const workspace = input.workspace.replace("*", "");
      tellAudit(c, { workspace, resource: { id, name: input.name } });
      return c.json({ token_id: id, token, ...expiryView(input.expireTime) });
    })
    .get("/", async (c) => {
      authorizeSomewhere(c, "read", "token");
      const seen = (await tokens.list())
        .filter(({ workspace }) => allowed(c.get("identity"), "read", { kind: "token", workspace }))
        .sort((a, b) => b.createTime - a.createTime || (a.id < b.id ? -1 : 1));
      const items = slice(seen, parsePaging((name) => c.req.query(name)));
      return c.json({ items: items.map(tokenView), total_count: seen.length });
    })
    .delete("/:token", async (c) => {
      authorizeSomewhere(c, "write", "token");
      const id = c.req.param("token"), found = await tokens.find(id);
      const { workspace = "" } = found ?? {};
      if (!found || !allowed(c.get("identity"), "write", { kind: "token", workspace })) {
        throw new Refused("not_found", `there is no token ${id.slice(0, 40)}`, "token_id");
      }
      await tokens.revoke(id);
      return c.json({ message: "success" });
    });
}

export function whoami() {
  return new Hono<Env>().get("/", (c) => c.json(identityView(c.get("identity"))));
}

export function identityView({ name, kind, role, workspaces }: Identity) {
  return { name, kind, role, workspaces };
}

function tokenView({ id, name, workspace, role, creator, createTime, expireTime }: ListedToken) {
  return {
    token_id: id,
    name,
    workspace,
    role,
    ...(creator && { creator }),
    create_time: new Date(createTime).toISOString(),
    ...expiryView(expireTime),
  };
}

function expiryView(expireTime: number | null) {
  return { expire_time: expireTime === null ? null : new Date(expireTime).toISOString() };
}
