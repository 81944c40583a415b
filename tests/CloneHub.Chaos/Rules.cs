namespace CloneHub.Chaos;

/// <summary>What has to hold after every storm, by the names under which a verdict tells it.</summary>
internal static class Rules
{
    public const string ProgressNeverFalls = "nobody saw progress fall while Redis answered";
    public const string AnswersAreInOrder = "nobody saw an end taken back, an acknowledged job missing, or a fault of ours";
    public const string EndsAreSeen = "whoever waits for a job sees its end";
    public const string VersionsNeverFall = "whoever asks later is told no earlier version, at any node, while Redis answers";
    public const string VersionsAreTheSame = "a version is the same to everyone";
    public const string OrdersAreKept = "an order that was answered was carried out";
    public const string NoneGoneEarly = "nobody saw a clone go before the time it was promised";

    public const string AllAreOver = "every acknowledged job is in the event log and over";
    public const string OneJobForOneKey = "one job for one idempotency key";
    public const string HistoriesAreWhole = "every history is whole";
    public const string TimesGoOn = "the times of a history do not go back";
    public const string NothingTwice = "nothing that happens once is written twice";
    public const string FencesRise = "fences rise by one";
    public const string NotMoreThanSlots = "no more jobs build at once than there are slots, while all is well";
    public const string NoneExpiresEarly = "no clone expires early";
    public const string NoneExpiresLate = "no clone expires more than 5 s late while all is well";
    public const string LogsAgree = "both logs end with the same event of every job";
    public const string NoSecretsKept = "no secrets are kept of what is over";
    public const string ViewsAgree = "views built anew say what they said";

    public const string NoEffectWithoutOrder = "no effect without an order that was written down before";
    public const string NoEffectTwice = "no start of a step has its effect twice";
    public const string NoStepWithoutEffect = "no step is done without its effect";
    public const string NothingSwept = "nothing had to be swept";
    public const string NothingLeft = "nothing is left in the world";
}
