"""Deletes what is not in use, and says what is."""
import json
import os
import urllib.error
import urllib.request

BASE = "https://deploy.mendix.com/api/1/apps/%s/packages" % os.environ["APP_ID"]
HEADERS = {"Mendix-Username": os.environ["MENDIX_USERNAME"], "Mendix-ApiKey": os.environ["MENDIX_API_KEY"]}


def call(method, path=""):
    with urllib.request.urlopen(urllib.request.Request(BASE + path, headers=HEADERS, method=method)) as response:
        return json.load(response)


for package in call("GET"):
    try:
        call("DELETE", "/" + package["PackageId"])
        print("deleted", package["PackageId"])
    except urllib.error.HTTPError as error:
        answer = json.load(error)
        if error.code != 409 or answer["errorCode"] != "PACKAGE_IN_USE":
            raise
        print("kept", package["PackageId"])
