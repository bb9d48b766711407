export const en = {
  title: "repo_form",
};

export const zh: typeof en = {
  title: "repo_form",
};
