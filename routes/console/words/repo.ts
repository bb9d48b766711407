export const en = {
  title: "repo",
};

export const zh: typeof en = {
  title: "repo",
};
