"""OpenStack Swift with its S3 interface, in one process and on loopback, for s3_test.ts.

Takes an empty folder on a file system with extended attributes, and users as ACCOUNT:USER=SECRET.
Prints the port of the S3 interface, and ends with its standard input.
"""

import sys

import eventlet

eventlet.monkey_patch()

from eventlet import tpool, wsgi  # noqa: E402
from swift.common import storage_policy, utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402

FOLDER, *USERS = sys.argv[1:]

SWIFT = """
[swift-hash]
swift_hash_path_suffix = any
[storage-policy:0]
name = only
default = yes
"""
DEFAULT = f"""
[DEFAULT]
swift_dir = {FOLDER}
devices = {FOLDER}/devices
mount_check = false
"""
STORE = """
[app:main]
use = egg:swift#{kind}
"""
PROXY = """
[pipeline:main]
pipeline = catch_errors cache s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
# It has to be there, but does without a server: nothing listens at the port.
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = {region}
[filter:tempauth]
use = egg:swift#tempauth
"""
REGION = "eu-west-1"


def write(name, text):
    path = f"{FOLDER}/{name}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def serve(socket, conf):
    # S3 clients want the header ETag, which would become Etag.
    options = {"capitalize_response_headers": False}
    eventlet.spawn(wsgi.server, socket, loadapp(conf), utils.NullLogger(), **options)


def listen():
    socket = eventlet.listen(("127.0.0.1", 0))
    return socket, socket.getsockname()[1]


write("swift.conf", SWIFT)
utils.set_swift_dir(FOLDER)
storage_policy.reload_storage_policies()

for kind in ["account", "container", "object"]:
    socket, port = listen()
    ring = RingBuilder(part_power=1, replicas=1, min_part_hours=0)
    place = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port}
    ring.add_dev({**place, "device": "disk", "weight": 1})
    ring.rebalance()
    ring.get_ring().save(f"{FOLDER}/{kind}.ring.gz")
    utils.mkdirs(f"{FOLDER}/devices/disk")
    serve(socket, write(f"{kind}.conf", DEFAULT + STORE.format(kind=kind)))

proxy = DEFAULT + PROXY.format(region=REGION)
for user in USERS:
    name, secret = user.split("=", 1)
    proxy += f"user_{name.replace(':', '_')} = {secret} .admin\n"
socket, port = listen()
serve(socket, write("proxy.conf", proxy))
print(port, flush=True)
tpool.execute(sys.stdin.read)
