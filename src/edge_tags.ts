/**
 * Tags by which an edge cache knows what an answer is drawn from, and drops it when that changes. A
 * repository's tag is its id.
 */

/** Of answers that are drawn from all repositories that can be seen. */
export const REPOSITORIES_TAG = "repositories";

/** Of answers that are drawn from all repositories of a workspace; `""` is that of global ones. */
export function workspaceTag(workspace: string): string {
  // No workspace's name begins with an underscore.
  return `workspace-${workspace || "_global"}`;
}

/** What a new generation of a repository makes stale. */
export function tagsOfGeneration(repo: { id: string; workspace: string }): string[] {
  return [repo.id, workspaceTag(repo.workspace)];
}

/** What a repository that is made, modified or deleted makes stale. */
export function tagsOfRepo(id: string): string[] {
  return [id, REPOSITORIES_TAG];
}
