#include "policy/policy.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace cloister::policy {
namespace {

std::shared_ptr<const Policy> parsed(std::string_view yaml) {
    auto policy = Policy::parse(yaml, 7);
    if (!policy) throw std::runtime_error(policy.error().detail());
    return policy.value();
}

constexpr std::string_view kHead = R"(format: cloister-policy/1
purposes:
  service:
    title: Service
    legal_basis: contract
    retention: 1 year
    needs: {basic.name: clear, contact.mobile: masked, basic.birth_date: generalised, "transaction.*": clear,
            transaction.invoice: absent}
  offers:
    title: Offers
    legal_basis: consent
    retention: 1 year
    needs: {contact.email: clear}
    obligations: {reason: {min_length: 5}, rate_limit: {count: 10, per: minute}}
roles:
)";
constexpr std::string_view kRoles = R"(
  agent:
    title: Agent
    actions: [customer.read, customer.update]
    purposes: [service]
    collections: [basic, transaction]
    effects: {basic.name: masked, transaction.amount: absent}
  senior:
    title: Senior agent
    actions: ["customer.*"]
    purposes: [service, offers]
    collections: "*"
    effects: {grade.4: masked, transaction.item: absent}
    obligations: {rate_limit: {count: 5, per: second}}
  trainee:
    title: Trainee
    actions: [customer.read]
    purposes: [service]
    collections: [basic]
    effects: {"transaction.*": denied}
    obligations: {reason: required}
  auditor:
    title: Auditor
    actions: ["audit.*"]
)";

std::shared_ptr<const Policy> house() { return parsed(std::string(kHead) + std::string(kRoles)); }

const Field kName{"basic", "name", 3};
const Field kBirth{"basic", "birth_date", 3};
const Field kMobile{"contact", "mobile", 3};
const Field kAmount{"transaction", "amount", 2};
const Field kItem{"transaction", "item", 4};
const Field kInvoice{"transaction", "invoice", 2};

struct Case {
    const char* name;
    std::vector<std::string> roles;
    Action action;
    const char* purpose;
    const char* reason;
    std::vector<Field> fields;
    bool named;
    Denial denial;
    std::vector<Effect> effects;  // not looked at when empty
};

using Decide = testing::TestWithParam<Case>;
TEST_P(Decide, as_the_policy_says) {
    const Case& c = GetParam();
    const Subject subject{"staff:lin", c.roles};
    const Facts facts{.subject = subject,
                      .action = c.action,
                      .purpose = c.purpose,
                      .reason = c.reason,
                      .fields = c.fields,
                      .fields_named = c.named};
    const Decision decision = house()->evaluate(facts);
    EXPECT_EQ(to_string(decision.denial), to_string(c.denial));
    EXPECT_EQ(decision.permit, c.denial == Denial::none);
    EXPECT_EQ(decision.policy_version, 7u);
    EXPECT_EQ(decision.effects.size(), c.fields.size());
    EXPECT_EQ(decision.why.size(), c.fields.size());
    if (!c.effects.empty()) EXPECT_EQ(decision.effects, c.effects);
}

using enum Action;
using E = Effect;
INSTANTIATE_TEST_SUITE_P(
    Request, Decide,
    testing::Values(
        Case{"denies_an_unknown_role",
             {"boss"},
             customer_read,
             "service",
             "",
             {},
             false,
             Denial::action_not_granted,
             {}},
        Case{"denies_nobody", {}, audit_read, "", "", {}, false, Denial::action_not_granted, {}},
        Case{"denies_an_action_not_granted",
             {"agent"},
             customer_erase,
             "service",
             "",
             {},
             false,
             Denial::action_not_granted,
             {}},
        Case{"denies_without_a_purpose", {"agent"}, customer_read, "", "", {}, false, Denial::purpose_missing, {}},
        Case{"denies_an_unknown_purpose", {"agent"}, customer_read, "fun", "", {}, false, Denial::purpose_unknown, {}},
        Case{"denies_a_purpose_not_granted",
             {"agent"},
             customer_read,
             "offers",
             "long enough",
             {},
             false,
             Denial::purpose_not_granted,
             {}},
        Case{"permits_an_action_that_needs_no_purpose",
             {"auditor"},
             audit_bundle_read,
             "",
             "",
             {},
             false,
             Denial::none,
             {}},
        Case{"denies_an_unknown_purpose_even_where_none_is_needed",
             {"auditor"},
             audit_read,
             "fun",
             "",
             {},
             false,
             Denial::purpose_unknown,
             {}},
        Case{"permits_an_erasure_without_fields",
             {"senior"},
             customer_erase,
             "service",
             "",
             {},
             false,
             Denial::none,
             {}},
        Case{"takes_the_more_restrictive_of_purpose_and_role",
             {"senior"},
             customer_read,
             "service",
             "",
             {kName, kBirth, kMobile},
             true,
             Denial::none,
             {E::clear, E::generalised, E::masked}},
        Case{"masks_for_a_role_what_the_purpose_needs_clear",
             {"agent"},
             customer_read,
             "service",
             "",
             {kName},
             true,
             Denial::none,
             {E::masked}},
        Case{"takes_the_most_open_of_several_roles",
             {"agent", "senior"},
             customer_read,
             "service",
             "",
             {kName, kAmount, kItem},
             true,
             Denial::none,
             {E::clear, E::clear, E::clear}},
        Case{"lets_a_forbid_of_any_role_beat_every_permit",
             {"senior", "trainee"},
             customer_read,
             "service",
             "because",
             {kName, kAmount},
             true,
             Denial::none,
             {E::clear, E::denied}},
        Case{"lets_a_forbid_hold_for_an_action_that_its_role_has_not",
             {"senior", "trainee"},
             customer_update,
             "service",
             "because",
             {kAmount},
             true,
             Denial::collection_not_granted,
             {}},
        Case{"prefers_a_named_field_to_a_grade",
             {"senior"},
             customer_read,
             "service",
             "",
             {kItem},
             false,
             Denial::none,
             {E::absent}},
        Case{"leaves_out_what_the_purpose_excludes",
             {"senior"},
             customer_read,
             "service",
             "",
             {kInvoice, kAmount},
             true,
             Denial::none,
             {E::denied, E::clear}},
        Case{"denies_when_no_named_collection_is_granted",
             {"agent"},
             customer_read,
             "service",
             "",
             {kMobile},
             true,
             Denial::collection_not_granted,
             {E::denied}},
        Case{"denies_when_no_named_field_is_needed",
             {"senior"},
             customer_read,
             "offers",
             "a campaign",
             {kMobile},
             true,
             Denial::field_not_needed,
             {E::denied}},
        Case{"shows_nothing_when_nothing_was_named_and_nothing_is_needed",
             {"senior"},
             customer_read,
             "offers",
             "a campaign",
             {kMobile},
             false,
             Denial::none,
             {E::denied}},
        Case{"writes_clear_what_it_would_show_masked",
             {"senior"},
             customer_update,
             "service",
             "",
             {kMobile, kName},
             true,
             Denial::none,
             {E::clear, E::clear}},
        Case{"refuses_a_write_with_one_field_not_needed",
             {"senior"},
             customer_update,
             "service",
             "",
             {kName, kInvoice},
             false,
             Denial::field_not_needed,
             {E::denied, E::denied}},
        Case{"refuses_a_write_with_one_collection_not_granted",
             {"agent"},
             customer_update,
             "service",
             "",
             {kName, kMobile},
             true,
             Denial::collection_not_granted,
             {}},
        Case{"refuses_a_write_of_a_field_the_role_does_not_see",
             {"agent"},
             customer_update,
             "service",
             "",
             {kAmount},
             true,
             Denial::collection_not_granted,
             {}},
        Case{"asks_for_a_reason", {"trainee"}, customer_read, "service", "", {kName}, true, Denial::reason_missing, {}},
        Case{
            "refuses_a_short_reason", {"senior"}, customer_read, "offers", "four", {}, false, Denial::reason_unfit, {}},
        Case{"counts_characters_not_bytes",
             {"senior"},
             customer_read,
             "offers",
             "工单一二三",
             {},
             false,
             Denial::none,
             {}},
        Case{"does_not_count_blanks_at_the_ends",
             {"senior"},
             customer_read,
             "offers",
             " four ",
             {},
             false,
             Denial::reason_unfit,
             {}},
        Case{"refuses_a_reason_with_a_line_break",
             {"agent"},
             customer_read,
             "service",
             "one\ntwo",
             {},
             false,
             Denial::reason_unfit,
             {}},
        Case{"refuses_a_reason_that_turns_the_direction",
             {"agent"},
             customer_read,
             "service",
             "a \u202e b",
             {},
             false,
             Denial::reason_unfit,
             {}},
        Case{"refuses_a_reason_that_is_no_text",
             {"agent"},
             customer_read,
             "service",
             "\xff\xfe",
             {},
             false,
             Denial::reason_unfit,
             {}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Decision, takes_the_strictest_rate_limit_of_roles_and_purpose) {
    const Subject subject{"staff:lin", {"senior"}};
    const auto policy = house();
    const auto limit = [&](std::string_view purpose) {
        return policy
            ->evaluate({.subject = subject, .action = customer_read, .purpose = purpose, .reason = "a campaign"})
            .rate_limit;
    };
    EXPECT_EQ(limit("service").count, 5u);
    EXPECT_EQ(limit("service").per_seconds, 1u);
    EXPECT_EQ(limit("offers").count, 10u);  // 10 a minute are fewer than 5 a second
    EXPECT_EQ(limit("offers").per_seconds, 60u);
}

TEST(Decision, refuses_a_reason_of_more_than_200_characters) {
    const Subject subject{"staff:lin", {"agent"}};
    const auto denial = [&](std::size_t length) {
        const std::string reason(length, 'x');
        return house()
            ->evaluate({.subject = subject, .action = customer_read, .purpose = "service", .reason = reason})
            .denial;
    };
    EXPECT_EQ(denial(200), Denial::none);
    EXPECT_EQ(denial(201), Denial::reason_unfit);
}

TEST(Explanation, names_the_role_the_purpose_and_the_line_that_decided) {
    const Subject subject{"staff:lin", {"agent"}};
    const std::vector<Field> fields{kName, kMobile};
    const auto steps =
        house()->explain({.subject = subject, .action = customer_read, .purpose = "service", .fields = fields});
    ASSERT_EQ(steps.size(), 6u);
    EXPECT_EQ(steps[0].because, R"("customer.read" is granted by "agent")");
    EXPECT_EQ(steps[1].because, R"("service" (contract, line 3) is granted by "agent")");
    EXPECT_EQ(steps[2].check, "field basic.name");
    EXPECT_TRUE(steps[2].passed);
    EXPECT_EQ(steps[2].because, R"(masked: the purpose "service" needs it (basic.name: clear, line 7); )"
                                R"(the role "agent" grants it (basic.name: masked, line 22))");
    EXPECT_FALSE(steps[3].passed);
    EXPECT_EQ(steps[3].because, "none of the acting roles grants the collection");
    EXPECT_TRUE(steps[4].passed);
    EXPECT_TRUE(steps[5].passed);
}

TEST(Policy, knows_which_fields_any_purpose_needs) {  // R45
    const auto policy = house();
    EXPECT_TRUE(policy->needed_by_any_purpose("contact", "email"));
    EXPECT_TRUE(policy->needed_by_any_purpose("transaction", "whatever"));
    EXPECT_FALSE(policy->needed_by_any_purpose("transaction", "invoice"));
    EXPECT_FALSE(policy->needed_by_any_purpose("basic", "religion"));
}

TEST(Policy, lists_purposes_and_roles_in_the_order_of_the_document) {
    const auto policy = house();
    EXPECT_EQ(policy->roles(), (std::vector<std::string>{"agent", "senior", "trainee", "auditor"}));
    ASSERT_EQ(policy->purposes().size(), 2u);
    EXPECT_EQ(policy->purposes()[1].legal_basis, "consent");
    EXPECT_EQ(policy->purposes()[0].needs[3], (std::pair<std::string, Effect>{"transaction.*", Effect::clear}));
}

TEST(Names, of_actions_and_effects_are_read_back) {
    for (const Action action : all_actions()) EXPECT_EQ(parse_action(to_string(action)), action);
    for (int i = 0; i <= 5; ++i) EXPECT_EQ(parse_effect(to_string(static_cast<Effect>(i))), static_cast<Effect>(i));
    EXPECT_FALSE(parse_action("customer.").has_value());
    EXPECT_FALSE(parse_effect("open").has_value());
}

TEST(DefaultPolicy, gives_no_role_every_action) {
    const auto policy = parsed(default_document());
    for (const std::string& role : policy->roles()) {
        const Subject subject{"staff:lin", {role}};
        EXPECT_TRUE(std::any_of(all_actions().begin(), all_actions().end(), [&](Action action) {
            return policy->evaluate({.subject = subject, .action = action}).denial == Denial::action_not_granted;
        })) << role;
    }
}

TEST(DefaultPolicy, shows_an_agent_a_masked_number_and_no_bank_card) {
    const auto policy = parsed(default_document());
    const Subject agent{"staff:lin", {"support-agent"}};
    const std::vector<Field> fields{kName, kMobile, {"payment", "bank_card", 4}, {"basic", "id_number", 4}};
    const Facts facts{.subject = agent,
                      .action = customer_read,
                      .purpose = "customer-service",
                      .reason = "ticket 4711",
                      .fields = fields,
                      .fields_named = true};
    EXPECT_EQ(policy->evaluate(facts).effects,
              (std::vector<Effect>{Effect::clear, Effect::masked, Effect::denied, Effect::masked}));
}

// Policies and requests made at random out of a few names, so that they often meet.
const std::vector<std::string> kCollections{"basic", "contact"};
const std::vector<std::string> kFieldNames{"name", "mobile"};
std::string pick(const std::vector<std::string>& from) { return *rc::gen::elementOf(from); }
std::string any_pattern() {
    return pick({"basic.name", "basic.mobile", "contact.name", "contact.mobile", "basic.*", "contact.*", "\"*\""});
}
std::string any_rules(const std::vector<std::string>& effects) {
    std::map<std::string, std::string> rules;
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) rules[any_pattern()] = pick(effects);
    std::string yaml;
    for (const auto& [pattern, effect] : rules) yaml += (yaml.empty() ? "" : ", ") + pattern + ": " + effect;
    return yaml;
}
struct AnyRole {
    std::string rules = any_rules({"clear", "masked", "generalised", "absent", "denied"});
    std::string collections = pick({"[basic]", "[contact]", "\"*\"", "[]"});
    std::string purposes = pick({"[p0]", "[p1]", "[p0, p1]"});
};
struct AnyPolicy {
    std::vector<std::string> needs{any_rules({"clear", "masked", "absent"}), any_rules({"clear", "masked", "absent"})};
    std::vector<AnyRole> roles = std::vector<AnyRole>(2);

    std::shared_ptr<const Policy> build() const {
        std::string yaml = "format: cloister-policy/1\npurposes:\n";
        for (std::size_t i = 0; i < needs.size(); ++i)
            yaml += "  p" + std::to_string(i) + ": {title: t, legal_basis: consent, retention: r, needs: {" + needs[i] +
                    "}}\n";
        yaml += "roles:\n";
        for (std::size_t i = 0; i < roles.size(); ++i)
            yaml += "  r" + std::to_string(i) +
                    ": {title: t, actions: [customer.read, customer.update], purposes: " + roles[i].purposes +
                    ", collections: " + roles[i].collections + ", effects: {" + roles[i].rules + "}}\n";
        return parsed(yaml);
    }
};
struct AnyRequest {
    Subject subject{"staff:x",
                    *rc::gen::elementOf(std::vector<std::vector<std::string>>{{"r0"}, {"r1"}, {"r0", "r1"}, {"r9"}})};
    Action action = *rc::gen::elementOf(std::vector<Action>{customer_read, customer_update, customer_erase});
    std::string purpose = pick({"p0", "p1", "p9", ""});
    bool named = *rc::gen::arbitrary<bool>();
    std::vector<Field> fields{
        {"basic", "name", 3}, {"basic", "mobile", 3}, {"contact", "name", 4}, {"contact", "mobile", 1}};

    Facts facts() const {
        return {.subject = subject, .action = action, .purpose = purpose, .fields = fields, .fields_named = named};
    }
};

RC_GTEST_PROP(DecisionProperty, a_field_that_no_purpose_needs_is_never_opened, ()) {
    const auto policy = AnyPolicy().build();
    const AnyRequest request;
    const Decision decision = policy->evaluate(request.facts());
    for (std::size_t i = 0; i < request.fields.size(); ++i)
        if (!policy->needed_by_any_purpose(request.fields[i].collection, request.fields[i].name))
            RC_ASSERT(decision.effects[i] == Effect::denied);
}

RC_GTEST_PROP(DecisionProperty, what_is_unknown_is_denied, ()) {
    const auto policy = AnyPolicy().build();
    const AnyRequest request;
    if (request.subject.roles[0] == "r9" || request.purpose == "p9" || request.purpose.empty() ||
        request.action == customer_erase)
        RC_ASSERT(!policy->evaluate(request.facts()).permit);
}

RC_GTEST_PROP(DecisionProperty, adding_a_forbid_never_widens, ()) {
    AnyPolicy rules;
    const AnyRequest request;
    const Decision before = rules.build()->evaluate(request.facts());
    const std::string pattern = any_pattern();
    std::string& changed = rules.roles[*rc::gen::inRange<std::size_t>(0, 2)].rules;
    RC_PRE(changed.find(pattern) == changed.npos);
    changed += (changed.empty() ? "" : ", ") + pattern + ": denied";
    const Decision after = rules.build()->evaluate(request.facts());
    RC_ASSERT(before.permit || !after.permit);
    for (std::size_t i = 0; i < request.fields.size(); ++i) RC_ASSERT(after.effects[i] >= before.effects[i]);
}

RC_GTEST_PROP(DecisionProperty, an_explanation_agrees_with_the_decision, ()) {
    const auto policy = AnyPolicy().build();
    const AnyRequest request;
    const Decision decision = policy->evaluate(request.facts());
    bool refused = false;
    for (const ExplanationStep& step : policy->explain(request.facts())) {
        RC_ASSERT(!step.because.empty());
        if (!step.check.starts_with("field ")) refused = refused || !step.passed;
        for (std::size_t i = 0; i < request.fields.size(); ++i)
            if (decision.permit && step.check == "field " + std::string(request.fields[i].collection) + "." +
                                                     std::string(request.fields[i].name))
                RC_ASSERT(step.passed == (decision.effects[i] != Effect::denied));
    }
    RC_ASSERT(refused != decision.permit);
}

}  // namespace
}  // namespace cloister::policy
