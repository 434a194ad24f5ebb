"""Builds and deploys the main line when there is something new on it. The standard library is all it needs."""
import json
import os
import sys
import time
import urllib.request

BASE = "https://deploy.mendix.com/api/1/apps/" + os.environ["APP_ID"]
ENVIRONMENT = "/environments/" + os.environ["ENVIRONMENT"]
POLL_SECONDS = float(os.environ.get("POLL_SECONDS", "10"))
HEADERS = {"Mendix-Username": os.environ["MENDIX_USERNAME"], "Mendix-ApiKey": os.environ["MENDIX_API_KEY"]}


def call(path, body=None, method=None):
    # urllib says that it sends a form, whatever it sends.
    data = None if body is None else json.dumps(body).encode("utf-8")
    request = urllib.request.Request(BASE + path, data=data, headers=HEADERS, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read().decode("utf-8"))
    except urllib.error.HTTPError as error:
        sys.exit("%s: %d %s" % (path, error.code, error.read().decode("utf-8")))


def poll(path, wanted):
    for _ in range(60):
        status = call(path)["Status"]
        print(path.split("/")[1], status)
        if status == wanted:
            return
        if status == "Failed":
            sys.exit("The build has failed.")
        time.sleep(POLL_SECONDS)
    sys.exit("Waited in vain for %s." % wanted)


branch = call("/branches/trunk")
revision = branch["LatestRevisionNumber"]
if int(branch["LatestTaggedVersion"].split(".")[-1]) == revision:
    print("Nothing new since", branch["LatestTaggedVersion"])
    sys.exit(0)

package = call("/packages", {"Branch": "trunk", "Revision": revision, "Version": os.environ["VERSION"],
                             "Description": "Built by Python"})["PackageId"]
poll("/packages/" + package, "Succeeded")
call(ENVIRONMENT + "/stop", method="POST")
call(ENVIRONMENT + "/transport", {"PackageId": package})
job = call(ENVIRONMENT + "/start", {"AutoSyncDb": True})["JobId"]
poll(ENVIRONMENT + "/start/" + job, "Started")
