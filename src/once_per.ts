/** `make`, called once for each object: what it gives is kept as long as the object is. */
export function oncePer<K extends object, V extends object>(make: (of: K) => V): (of: K) => V {
  const made = new WeakMap<K, V>();
  return (of) => {
    let value = made.get(of);
    if (value === undefined) made.set(of, value = make(of));
    return value;
  };
}
