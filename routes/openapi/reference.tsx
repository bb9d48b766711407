export function renderReference(document: unknown): string {
  return String(<p>{JSON.stringify(document).length}</p>);
}
