export const en = {
  title: "audit",
};

export const zh: typeof en = {
  title: "audit",
};
