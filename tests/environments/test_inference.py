"""What names say by themselves, and above all what they do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jira_ci.environments.inference import Inferred, infer


def listed(text: str) -> list[str]:
    return text.split()


NOT_PRODUCTION = listed("""
pre-prod preprod pre_production non-prod nonprod NonProd not-prod non-production product products product-demo
product-catalog productivity producer sandbox sandbox-prod reproduction post-prod prod-copy prod-like production-like
prod-test test-prod dev-prod prod-dev staging-prod prod-staging uat-prod prod_mirror prod.clone shadow-prod mock-prod
fake-prod prod-preview prod-sandbox prod-demo demo-prod prod-backup prod-replica prod-rehearsal prod-simulation
unprod noprod nonprod-prod prodtest qaprod preprodtest delivery deliver olive oliver liver alive lively livestock
live-test test-live not-live pre-live go-live live-demo live-chat live-search live-preview live_stream lower-prod
feature/prod-login fix-prod review-prod pr-12-prod hotfix/live review/prod éprod рrod prodigy approval
new-prod next-prod old-prod prod-ready prod-perf prod-training prod-poc ex-prod sub-prod
""")


@pytest.mark.parametrize(
    "name", [*NOT_PRODUCTION, "Not Prod", "Non Production", "Product Demo", "Pre Prod", "prod?test"]
)
def test_what_is_clearly_not_production_never_is(name: str) -> None:
    for one in (name, name.upper(), name.title(), f"acme-{name}", f"{name}2", f"{name}-eu", f"eu {name}"):
        assert infer(one).type != "production", one


@pytest.mark.parametrize(
    ("type_", "names"),
    [
        (
            "production",
            "prod Prod PROD production Production live LIVE prd prod-eu eu-prod prod2 prod-2 Prod_EU prod.eu "
            "prod/eu-west-1 ProdEU EUProd AzureProd acme-prod acme-production-2 live-eu live2 shop-live "
            "Production(AWS) prod-blue k8s-prod product-prod live-production",
        ),
        (
            "staging",
            "staging Staging stage stg STG1 preprod PreProd pre-prod pre-production Pre_Prod preproduction "
            "eu-pre-prod-2 stage2 acme-staging StagingEU pre-prd staging-preview",
        ),
        (
            "testing",
            "test Test testing tests tst qa qa1 QA-2 qc uat UAT UAT_3 sit SIT2 acme-uat load-test acceptance "
            "integration UATServer test-sandbox qa/eu",
        ),
        (
            "development",
            "dev Dev DEV develop development devel local localhost Azure-Dev AzureDev acme-develop dev_3 dev1 "
            "dev-sandbox review/feature-x review/fix-prod-login Review/qa",
        ),
        (
            "",
            "main blue customer-portal eu-west-1 sandbox preview demo devops DevOps device detest contest latest "
            "attestation quality unstaging backstage staged pre-staging pre-test non-dev not-staging dev-test test-dev "
            "stage-qa feature/test-login trunk 42 --- ✨ 開発 deviate localized",
        ),
    ],
)
def test_a_name_says_its_type_or_nothing(type_: str, names: str) -> None:
    assert {name: infer(name).type for name in listed(names)} == dict.fromkeys(listed(names), type_)


def test_the_telling_word_is_told() -> None:
    assert infer("Dev (blue)") == Inferred("development", ("dev",))
    assert infer("eu Pre-Production 2") == Inferred("staging", ("pre-production",))
    assert infer("dev-prod") == Inferred("", ("dev", "prod"))
    assert infer("prod-like") == Inferred("")


def cased(word: str, upper: list[bool]) -> str:
    return "".join(one.upper() if up else one.lower() for one, up in zip(word, upper, strict=False))


@given(st.sampled_from(listed("prod live staging qa dev pre-prod nonprod sandbox devops")), st.lists(st.booleans()))
def test_a_words_case_does_not_matter(word: str, upper: list[bool]) -> None:
    again = cased(word, upper + [False] * len(word))
    assert infer(again).type == infer(word).type


@given(st.sampled_from(NOT_PRODUCTION), st.lists(st.booleans(), min_size=30, max_size=30))
@settings(max_examples=500)
def test_no_spelling_makes_them_production(name: str, upper: list[bool]) -> None:
    assert infer(cased(name, upper)).type != "production"


@given(st.text(max_size=30), st.integers(0, 9999))
def test_a_number_behind_a_name_never_makes_it_production(name: str, number: int) -> None:
    if infer(name).type != "production":
        assert infer(f"{name}-{number}").type != "production"


@given(st.text(max_size=20), st.sampled_from(["dev", "test", "staging", "copy", "like", "sandbox", "preview"]))
def test_a_second_word_takes_production_away(name: str, word: str) -> None:
    assert infer(f"{name}-prod-{word}").type != "production"


def test_a_name_of_ten_thousand_characters_is_read() -> None:
    assert infer("prod-" * 2000).type == "production"
    assert infer("aA" * 5000).type == ""
