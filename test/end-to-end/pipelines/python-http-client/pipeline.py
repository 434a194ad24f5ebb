"""The same over one connection that is kept, with the content type of JSON on every call, also where nothing is sent."""
import http.client
import json
import os
import time

APP = "/api/1/apps/" + os.environ["APP_ID"]
ENVIRONMENT = APP + "/environments/" + os.environ["ENVIRONMENT"].lower()
HEADERS = {
    "Content-Type": "application/json",
    "Mendix-Username": os.environ["MENDIX_USERNAME"],
    "Mendix-ApiKey": os.environ["MENDIX_API_KEY"],
}
connection = http.client.HTTPSConnection("deploy.mendix.com")


def call(method, path, body=None):
    connection.request(method, path, body and json.dumps(body), HEADERS)
    response = connection.getresponse()
    answer = json.loads(response.read())
    if response.status >= 300:
        raise RuntimeError("%s (%s)" % (answer["errorMessage"], answer["errorCode"]))
    return answer


def wait(path, done):
    while True:
        status = call("GET", path)["Status"]
        print(status)
        if status == done:
            return
        if status == "Failed":
            raise RuntimeError("Failed: look in the portal")
        time.sleep(float(os.environ.get("POLL_SECONDS", "10")))


newest = call("GET", APP + "/branches/main/revisions")[0]
print("Building %s: %s" % (newest["Number"], newest["CommitMessage"]))
build = {"Branch": "main", "Revision": str(newest["Number"]), "Version": os.environ["VERSION"]}
package = call("POST", APP + "/packages", build)["PackageId"]
wait(APP + "/packages/" + package, "Succeeded")
call("POST", ENVIRONMENT + "/stop")
call("POST", ENVIRONMENT + "/transport", {"PackageId": package})
started = call("POST", ENVIRONMENT + "/start", {"AutoSyncDb": True})
wait(ENVIRONMENT + "/start/" + started["JobId"], "Started")
