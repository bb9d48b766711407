/** How a version is installed: one way is open, the others can be opened. */

import type { Child } from "hono/jsx";
import type { Opened } from "./load.ts";
import { recipesOf } from "./recipes.ts";
import { Notice, Snippet } from "../parts/parts.tsx";
import { shownName } from "../parts/shown_name.ts";

/** A card with the ways to install the version of a page. */
export function Install({ opened }: { opened: Opened }) {
  const { page, app, version, repo } = opened;
  const { words: { app: { install } } } = page;
  const { helm, pull, flux, argo, dependency, curl } = recipesOf(opened);
  const snippet = (label: string, text: string) => (
    <Snippet
      page={page}
      label={label}
      text={text}
    />
  );
  return (
    <section class="card install" id="install" aria-labelledby="install-title">
      <h2 id="install-title">{install.title}</h2>
      {repo.credential_set && <Notice>{install.credential}</Notice>}
      {pull === undefined && <Notice tone="warn">{install.noHelm}</Notice>}
      {dependency && (
        <Way name={install.dependency} open>
          <p class="quiet">{install.libraryHint}</p>
          {snippet("Chart.yaml", dependency)}
        </Way>
      )}
      {helm && <Way name="Helm" open>{snippet(install.shell, helm)}</Way>}
      {flux && (
        <Way name="Flux">
          {repo.credential_set && <p class="quiet">{install.fluxSecret}</p>}
          {snippet(install.manifest, flux)}
        </Way>
      )}
      {argo && (
        <Way name="Argo CD">
          {repo.credential_set && <p class="quiet">{install.argoSecret}</p>}
          {snippet(install.manifest, argo)}
        </Way>
      )}
      {helm && (
        <Way name="KubeSphere">
          <ol>
            <li>
              {install.kubesphere.add}
              {snippet(install.kubesphere.address, repo.url)}
            </li>
            <li>{install.kubesphere.create}</li>
            <li>{install.kubesphere.choose(shownName(app.name), shownName(version.version))}</li>
          </ol>
        </Way>
      )}
      {pull && <Way name="helm pull">{snippet(install.shell, pull)}</Way>}
      <Way name="curl" open={pull === undefined}>
        <p class="quiet">{install.curlHint}</p>
        {snippet(install.shell, curl)}
      </Way>
    </section>
  );
}

function Way(
  { name, open = false, children }: { name: string; open?: boolean; children: Child },
) {
  return (
    <details class="way" name="way" open={open}>
      <summary>{name}</summary>
      {children}
    </details>
  );
}
