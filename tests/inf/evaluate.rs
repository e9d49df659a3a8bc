//! What a package would write: every directive of install sections, from one INF that has all of them.

use imgsvc::error::Result;
use imgsvc::formats::inf::{
    Architecture, Code, Environment, Evaluation, FilterPosition, Guid, Inf, Install, PropertyKey,
    RegistryOperation, Severity, Strictness, Target,
};

const PACKAGE: &str = r#"
[Version]
Signature = "$Windows NT$"
Class = Net
ClassGuid = {4D36E972-E325-11CE-BFC1-08002BE10318}
Provider = %Acme%
DriverVer = 01/02/2024,1.2.3.4
CatalogFile.NTamd64 = acme.cat
DriverPackageDisplayName = %Acme%

[Manufacturer]
%Acme% = Models, NTamd64.10.0, NTamd64.10.0...22000, NTamd64.10.0.3
[Models.NTamd64.10.0]
%Acme% = Old, PCI\VEN_1
[Models.NTamd64.10.0...22000]
%Acme% = Dev, PCI\VEN_1&DEV_2, PCI\VEN_1
"Other" = Dev, PCI\VEN_3
[Models.NTamd64.10.0.3]
%Acme% = Server, PCI\VEN_1

[SourceDisksNames]
1 = %Acme%,,,drivers
[SourceDisksFiles]
acme.sys = 1
acme.dll = 1,x64
[DestinationDirs]
Run = 13
Wow = 16425,Acme
Gone = 12

[Dev.NTamd64]
Include = wifi.inf
Needs = Wifi.Install
CopyFiles = Run, Wow, @acme.dll
DelFiles = Gone
RenFiles = Renamed
AddReg = Dev.Reg
BitReg = Dev.Bits
AddProperty = Dev.Props
DelProperty = Dev.OldProps
AddPowerSetting = Dev.Power
DriverVer = 02/03/2024,5.6.7.8
FeatureScore = 40
ExcludeID = PCI\VEN_9
CopyINF = other.inf
Reboot
[Run]
acme.sys
[Run.Security]
"D:P(A;;GA;;;SY)"
[Wow]
acme32.dll, acme.dll,, 0x10
[Gone]
old.sys,,,1
[Renamed]
new.sys, was.sys
[Dev.Reg]
HKR,,Path,0x20000,"%13%\acme.sys"
HKR,,Dir,,"%24%"
HKR,Sub,Escaped,,"%%13%%"
[Dev.Reg.Security]
"D:(A;;GA;;;BA)"
[Dev.Bits]
HKR,,Flags,1,0x81,3
[Dev.Props]
DeviceModel,,,,"Model 1"
{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}, 2, 7, 1, 5
[Dev.OldProps]
DeviceIcon
[Dev.Power]
SubGroup = {7516B95F-F776-4464-8C53-06167F40CC99}
Setting = {381B4222-F694-41F0-9685-FF5BB260DF2E}, "Light", "How bright"

[Dev.NTamd64.HW]
AddReg = Hw.Reg
[Hw.Reg]
HKR,,Exclusive,0x10001,1
[Dev.NTamd64.CoInstallers]
AddReg = Co.Reg
[Co.Reg]
HKR,,CoInstallers32,0x10000,"co.dll,Entry"
[Dev.NTamd64.Services]
AddService = acme, 2, Svc
AddService = helper,, Helper, Log, Application, "Acme Source"
DelService = old, 0x204
[Svc]
ServiceType = 1
StartType = 3
ErrorControl = 1
ServiceBinary = %13%\acme.sys
BootFlags = 0x14
[Helper]
DisplayName = %Acme%
ServiceType = 0x10
StartType = 2
ErrorControl = 1
ServiceBinary = %13%\acme.exe
DelayedAutoStart = 1
ServiceSidType = 1
RequiredPrivileges = SeChangeNotifyPrivilege, SeImpersonatePrivilege
Dependencies = RpcSs, +NDIS
AddTrigger = Arrival
FailureActions = Failing
Security = "D:(A;;GA;;;SY)"
[Arrival]
TriggerType = 1
Action = 1
SubType = {4d1e55b2-f16f-11cf-88cb-001111000030}
DataItem = 2, "PCI\VEN_1"
[Failing]
ResetPeriod = 86400
NonCrashFailures = 1
Action = 1, 5000
Action = 0, 0
[Log]
AddReg = Log.Reg
[Log.Reg]
HKR,,TypesSupported,0x10001,7
[Dev.NTamd64.Wdf]
KmdfService = acme, Kmdf
UmdfServiceOrder = acme
[Kmdf]
KmdfLibraryVersion = 1.15
[Dev.NTamd64.Filters]
AddFilter = up,, Upper
AddFilter = level,, Level
[Upper]
FilterPosition = Upper
[Level]
FilterLevel = Std
[Dev.NTamd64.Interfaces]
AddInterface = {ad498944-762f-11d0-8dca-00c04fc3358c}, Ref, Iface, 1
[Iface.NT]
AddReg = Iface.Reg
AddProperty = Dev.Props
[Iface.Reg]
HKR,,FriendlyName,,%Acme%
[Dev.NTamd64.Events]
AddEventProvider = {1db28f2e-8f80-4027-8c5a-a11f7f10f62d}, Provider
[Provider]
ProviderName = "Acme-Provider"
ResourceFile = %13%\acme.sys
ImportChannel = System
AddChannel = "Acme/Operational", 2, Channel
[Channel]
Isolation = 1
[Dev.NTamd64.Components]
AddComponent = acmecomp,, Component
[Component]
ComponentIDs = VID0001&PID0001
[Dev.NTamd64.Software]
AddSoftware = acmeapp, 1, App
[App]
SoftwareType = 2
SoftwareID = pfn://Acme.App_1
[Dev.NTamd64.COM]
AddComServer = AcmeServer,, ComServer
[ComServer]
ServerType = 1
AddComClass = {bb2b85ab-9473-42e5-8d1a-0f01d3879879},, ComClass
[ComClass]
ThreadingModel = Both

[ClassInstall32.NTamd64]
AddReg = Class.Reg
[Class.Reg]
HKR,,,,%Acme%
[InterfaceInstall32]
{ad498944-762f-11d0-8dca-00c04fc3358c} = IfaceClass
[IfaceClass.NTamd64]
AddReg = Iface.Reg
[Strings]
Acme = "Acme"
"#;

const INCLUDED: &str =
    "[Wifi.Install]\nAddReg=Wifi.Reg\nCopyFiles=Wifi.Files\nInclude=deep.inf\nNeeds=Deep\n\
    [Wifi.Files]\nvwifi.sys\n[DestinationDirs]\nWifi.Files=12\n[Wifi.Reg]\nHKR,,Wifi,,yes\n";

fn included(name: &str) -> Result<Option<Inf>> {
    match name {
        "wifi.inf" => Inf::parse(INCLUDED.as_bytes()).map(Some),
        "deep.inf" => Inf::parse(b"[Deep]\nAddReg=R\nNeeds=Wifi.Install\n[R]\nHKR,,Deep,,yes\n").map(Some),
        _ => Ok(None),
    }
}

fn target() -> Target {
    Target { product_type: Some(1), ..Target::new(Architecture::Amd64, 10, 0, 26100) }
}

fn evaluate_as(text: &str, environment: &Environment<'_>) -> Evaluation {
    let inf = Inf::parse(text.as_bytes()).unwrap();
    inf.evaluate(environment, &mut |name: &str| included(name)).unwrap()
}

fn strict() -> Environment<'static> {
    Environment { store_folder: Some("acme.inf_amd64_0123"), ..Environment::new(target()) }
}

fn report() -> Environment<'static> {
    Environment { strictness: Strictness::Report, ..strict() }
}

fn package() -> Install {
    let evaluation = evaluate_as(PACKAGE, &strict());
    assert_eq!(evaluation.configurations.len(), 1);
    evaluation.configurations.into_iter().next().unwrap().install
}

fn utf16z(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn devices_come_with_the_install_section_that_the_target_uses() {
    let evaluation = evaluate_as(PACKAGE, &strict());
    let devices: Vec<_> = evaluation
        .devices()
        .map(|(model, install)| (model.hardware_id.as_deref().unwrap(), install.section.as_str()))
        .collect();
    assert_eq!(devices, [(r"PCI\VEN_1&DEV_2", "Dev.NTamd64"), (r"PCI\VEN_3", "Dev.NTamd64")]);
    assert_eq!(evaluation.configurations[0].models[0].section, "Models.NTamd64.10.0...22000");
    let older = Target { build: 19045, ..target() };
    let evaluation = evaluate_as(PACKAGE, &Environment { target: older, ..strict() });
    assert_eq!(evaluation.configurations[0].models[0].section, "Models.NTamd64.10.0");
    // The build goes before the product type; where the build does not fit, the product type decides.
    let server = Target { product_type: Some(3), build: 20348, ..target() };
    let evaluation = evaluate_as(PACKAGE, &Environment { target: server, ..strict() });
    assert_eq!(evaluation.configurations[0].models[0].section, "Models.NTamd64.10.0.3");
    let arm = Target::new(Architecture::Arm64, 10, 0, 26100);
    let evaluation = evaluate_as(PACKAGE, &Environment { target: arm, ..strict() });
    assert!(evaluation.not_applicable.unwrap().contains("arm64"));
}

#[test]
fn files_have_their_place_in_the_package_and_in_the_image() {
    let install = package();
    let environment = strict();
    let places: Vec<_> = install
        .copy_files
        .iter()
        .map(|copy| (copy.source.as_str(), environment.image_path(copy).unwrap(), copy.file.as_str()))
        .collect();
    let store = r"Windows\System32\DriverStore\FileRepository\acme.inf_amd64_0123\acme.sys".to_owned();
    assert_eq!(
        places,
        [
            (r"drivers\acme.sys", store, ""),
            (r"drivers\x64\acme.dll", r"Windows\SysWOW64\Acme\acme32.dll".to_owned(), ""),
            (r"drivers\x64\acme.dll", r"Windows\System32\acme.dll".to_owned(), ""),
            ("vwifi.sys", r"Windows\System32\drivers\vwifi.sys".to_owned(), "wifi.inf"),
        ]
    );
    assert_eq!(install.copy_files[0].security.as_deref(), Some("D:P(A;;GA;;;SY)"));
    assert_eq!(install.copy_files[1].flags, 0x10);
    let changes: Vec<_> = install
        .file_changes
        .iter()
        .map(|change| (change.name.as_str(), change.new_name.as_deref(), change.flags))
        .collect();
    assert_eq!(changes, [("old.sys", None, 1), ("was.sys", Some("new.sys"), 0)]);
}

#[test]
fn registry_data_has_paths_for_directory_ids() {
    let install = package();
    let data = |value: &str| match &install
        .registry
        .iter()
        .find(|change| change.value == value)
        .unwrap()
        .operation
    {
        RegistryOperation::Set(data) => data.bytes.clone(),
        other => panic!("{other:?}"),
    };
    let store = r"C:\Windows\System32\DriverStore\FileRepository\acme.inf_amd64_0123\acme.sys";
    assert_eq!(data("Path"), utf16z(store));
    assert_eq!(data("Dir"), utf16z(r"C:\"));
    assert_eq!(data("Escaped"), utf16z("%13%"));
    assert_eq!(install.registry[0].security.as_deref(), Some("D:(A;;GA;;;BA)"));
    let included: Vec<_> = install.registry.iter().filter(|change| !change.file.is_empty()).collect();
    assert_eq!(included[0].file, "wifi.inf");
    assert_eq!((included[1].value.as_str(), included[1].file.as_str()), ("Deep", "deep.inf"));
    let bits = RegistryOperation::ChangeBits { mask: 0x81, byte: 3, set: true };
    assert_eq!(install.registry.last().unwrap().operation, bits);
    assert_eq!(install.hardware_registry[0].value, "Exclusive");
    assert_eq!(install.coinstaller_registry[0].value, "CoInstallers32");
}

#[test]
fn services_have_all_their_settings() {
    let install = package();
    assert_eq!(install.services[0].binary_path().unwrap().1, "acme.sys");
    assert_eq!(install.services[0].boot_flags, Some(0x14));
    let helper = &install.services[1];
    assert_eq!(helper.required_privileges, ["SeChangeNotifyPrivilege", "SeImpersonatePrivilege"]);
    assert_eq!((helper.sid_type, helper.delayed_auto_start), (Some(1), Some(1)));
    assert_eq!(helper.dependencies, ["RpcSs", "+NDIS"]);
    assert_eq!(helper.security.as_deref(), Some("D:(A;;GA;;;SY)"));
    let trigger = &helper.triggers[0];
    assert_eq!((trigger.kind, trigger.action), (1, 1));
    assert_eq!(trigger.subtype, Guid::parse("{4d1e55b2-f16f-11cf-88cb-001111000030}").unwrap());
    assert_eq!(trigger.data, [(2, r"PCI\VEN_1".to_owned())]);
    let failing = helper.failure_actions.as_ref().unwrap();
    assert_eq!((failing.reset_period, failing.non_crash_failures), (Some(86400), true));
    assert_eq!(failing.actions, [(1, 5000), (0, 0)]);
    let log = helper.event_log.as_ref().unwrap();
    assert_eq!((log.log.as_str(), log.source.as_str()), ("Application", "Acme Source"));
    assert_eq!(log.registry[0].value, "TypesSupported");
    let old = &install.deleted_services[0];
    assert_eq!((old.name.as_str(), old.flags), ("old", 0x204));
    assert_eq!(old.event_source, Some(("System".into(), "old".into())));
}

#[test]
fn filters_interfaces_properties_and_additions_are_read() {
    let install = package();
    let positions: Vec<_> = install.filters.iter().map(|filter| filter.position.clone().unwrap()).collect();
    assert_eq!(positions, [FilterPosition::Upper, FilterPosition::Level("Std".into())]);
    let interface = &install.interfaces[0];
    assert_eq!((interface.reference.as_str(), interface.flags), ("Ref", 1));
    assert_eq!(interface.section.as_deref(), Some("Iface.NT"));
    assert_eq!((interface.registry.len(), interface.properties.len()), (1, 2));
    let [deleted, named, keyed] = install.properties.as_slice() else { panic!("{:?}", install.properties) };
    assert!(deleted.delete && deleted.key == PropertyKey::Name("DeviceIcon".into()));
    assert_eq!(named.values, ["Model 1"]);
    let category = Guid::parse("{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}").unwrap();
    assert_eq!(keyed.key, PropertyKey::Key(category, 2));
    assert_eq!((keyed.kind, keyed.flags), (Some(7), 1));
    let added: Vec<_> =
        install.additions.iter().map(|added| (added.directive, added.name.as_str())).collect();
    assert_eq!(
        added,
        [
            ("AddPowerSetting", "Dev.Power"),
            ("KmdfService", "acme"),
            ("AddEventProvider", "{1db28f2e-8f80-4027-8c5a-a11f7f10f62d}"),
            ("AddComponent", "acmecomp"),
            ("AddSoftware", "acmeapp"),
            ("AddComServer", "AcmeServer"),
        ]
    );
    assert_eq!(install.additions[1].setting("kmdflibraryversion").unwrap(), ["1.15"]);
    let provider = &install.additions[2];
    assert_eq!(provider.setting("ResourceFile").unwrap(), [r"%13%\acme.sys"]);
    assert_eq!((provider.parts[0].name.as_str(), provider.parts[0].flags), ("Acme/Operational", 2));
    assert_eq!(install.additions[5].parts[0].setting("ThreadingModel").unwrap(), ["Both"]);
    assert_eq!(install.feature_score, 0x40);
    assert_eq!(install.driver_ver.unwrap().version_text(), "5.6.7.8");
    assert_eq!((install.copy_infs, install.reboot), (vec!["other.inf".to_owned()], true));
}

#[test]
fn classes_of_devices_and_of_interfaces_are_read() {
    let evaluation = evaluate_as(PACKAGE, &strict());
    let class = evaluation.class_install.unwrap();
    assert_eq!((class.section.as_str(), class.registry.len()), ("ClassInstall32.NTamd64", 1));
    assert_eq!(evaluation.interface_classes[0].section.as_deref(), Some("IfaceClass.NTamd64"));
    assert_eq!(evaluation.version.unwrap().display_name.unwrap().text, "Acme");
    let paths: Vec<_> = evaluation.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [r"drivers\acme.sys", r"drivers\x64\acme.dll"]);
}

#[test]
fn a_package_without_mistakes_has_no_warnings_but_these() {
    let evaluation = evaluate_as(PACKAGE, &report());
    let found: Vec<_> = evaluation
        .findings
        .iter()
        .map(|finding| (finding.severity, finding.code, finding.file.as_str()))
        .collect();
    let circle = (Severity::Warning, Code::NeedsCycle, "deep.inf");
    let note = (Severity::Note, Code::NotOffline, "");
    assert_eq!(found, [note, circle], "{:#?}", evaluation.findings);
}

/// A small package, the wrong lines in it, and what must be said of them: code, line and column.
#[test]
fn every_mistake_is_found_at_its_place() {
    let head = "[Version]\nSignature=\"$Windows NT$\"\nClass=Net\nClassGuid={4D36E972-E325-11CE-BFC1-08002BE10318}\n\
        Provider=P\nCatalogFile=c.cat\nDriverVer=01/01/2024,1.0.0.0\n\
        [Manufacturer]\nM=M,NTamd64\n[M.NTamd64]\nD=I,ID\n[I]\n"; // 12 lines
    let cases: &[(&str, Severity, Code, (u32, u32))] = &[
        ("x = %nothing%", Severity::Warning, Code::UndefinedToken, (13, 5)),
        ("AddReg = Gone", Severity::Warning, Code::SectionMissing, (13, 10)),
        ("Needs = Gone", Severity::Warning, Code::SectionMissing, (13, 9)),
        ("Needs = I", Severity::Warning, Code::NeedsCycle, (13, 1)),
        ("Include = gone.inf", Severity::Warning, Code::IncludeMissing, (0, 0)),
        ("AddReg=R\n[R]\nHKXX,,a", Severity::Error, Code::Registry, (15, 1)),
        ("AddReg=R\n[R]\nHKR,,a,0x10001, x", Severity::Error, Code::Registry, (15, 17)),
        ("AddReg=R\n[R]\na=b", Severity::Warning, Code::Registry, (15, 1)),
        ("BitReg=R\n[R]\nHKR,,a,1,xyz,0", Severity::Error, Code::Registry, (15, 10)),
        ("CopyFiles=@..\\x", Severity::Error, Code::Path, (13, 1)),
        ("CopyFiles=L\n[L]\nCON", Severity::Error, Code::Path, (15, 1)),
        ("CopyFiles=L\n[L]\na:b", Severity::Error, Code::Path, (15, 1)),
        ("CopyFiles=L\n[L]\nx,,,z", Severity::Error, Code::Directive, (15, 5)),
        (
            "CopyFiles=@x\n[DestinationDirs]\nDefaultDestDir= 99",
            Severity::Warning,
            Code::UnknownDirid,
            (15, 17),
        ),
        ("CopyFiles=@x\n[DestinationDirs]\nDefaultDestDir=here", Severity::Error, Code::Directive, (15, 16)),
        ("CopyFiles=@x\n[DestinationDirs]\nDefaultDestDir=-1,c:", Severity::Error, Code::Directive, (13, 1)),
        (
            "CopyFiles=@x\n[DestinationDirs]\nDefaultDestDir=53",
            Severity::Warning,
            Code::Unresolvable,
            (13, 1),
        ),
        ("CopyFiles=@x\n[SourceDisksFiles]\ny=1", Severity::Warning, Code::FileNotListed, (13, 1)),
        ("[SourceDisksFiles]\ny=7", Severity::Warning, Code::DiskNotListed, (14, 3)),
        ("[SourceDisksFiles]\n..\\y=7", Severity::Error, Code::Path, (14, 1)),
        ("[I.Services]\nAddService=a\\b,2,S", Severity::Error, Code::Service, (14, 12)),
        ("[I.Services]\nAddService=a,2,S\n[S]\nStartType=soon", Severity::Error, Code::Service, (16, 11)),
        (
            "[I.Services]\nAddService=a,2,S\n[S]\nServiceBinary=a.sys",
            Severity::Warning,
            Code::UnknownDirid,
            (16, 15),
        ),
        ("[I.Services]\nDelService=", Severity::Error, Code::Service, (14, 12)),
        ("FeatureScore=100", Severity::Error, Code::Directive, (13, 14)),
        ("DriverVer=31/12/2024", Severity::Error, Code::DriverVer, (13, 11)),
        (
            "AddProperty=P\n[P]\n{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e},1",
            Severity::Error,
            Code::Directive,
            (15, 40),
        ),
        ("[I.Interfaces]\nAddInterface={1}", Severity::Error, Code::Directive, (14, 1)),
        (
            "[I.Filters]\nAddFilter=f,,F\n[F]\nFilterPosition=Middle",
            Severity::Warning,
            Code::Directive,
            (16, 16),
        ),
        ("[Strings]\na=1\nA=2", Severity::Warning, Code::DuplicateToken, (15, 1)),
        ("[S]\n[Manufacturer]\n", Severity::Note, Code::DuplicateSection, (14, 1)),
        ("RegisterDlls=R", Severity::Note, Code::NotOffline, (13, 1)),
    ];
    for (lines, severity, code, place) in cases {
        let evaluation = evaluate_as(&format!("{head}{lines}\n"), &report());
        let found = evaluation.findings.iter().any(|finding| {
            (finding.severity, finding.code, (finding.line, finding.column)) == (*severity, *code, *place)
        });
        assert!(found, "{lines}\n{:#?}", evaluation.findings);
        let inf = Inf::parse(format!("{head}{lines}\n").as_bytes()).unwrap();
        let refused = inf.evaluate(&strict(), &mut |_: &str| Ok(None)).is_err();
        assert_eq!(refused, *severity == Severity::Error, "{lines}");
    }
}

#[test]
fn mistakes_in_version_are_found() {
    let cases: &[(&str, Severity, Code)] = &[
        ("", Severity::Error, Code::Signature),
        ("[Version]\nSignature=x", Severity::Error, Code::Signature),
        ("[Version]\nSignature=$CHICAGO$\nClassGuid={1}", Severity::Error, Code::Class),
        ("[Version]\nSignature=$CHICAGO$\nDriverVer=1", Severity::Error, Code::DriverVer),
        ("[Version]\nSignature=$CHICAGO$\nDriverVer=01/01/2020,1.2.3.4.5", Severity::Error, Code::DriverVer),
        ("[Version]\nSignature=$CHICAGO$", Severity::Warning, Code::DriverVer),
        ("[Version]\nSignature=$CHICAGO$", Severity::Warning, Code::CatalogMissing),
        ("[Version]\nSignature=$CHICAGO$\nCatalogFile.NTx86=a.cat", Severity::Warning, Code::CatalogMissing),
        ("[Version]\nSignature=$CHICAGO$", Severity::Warning, Code::Class),
        ("[Version]\nSignature=$CHICAGO$", Severity::Warning, Code::Provider),
        ("[Version]\nSignature=$CHICAGO$\nClass=Extension", Severity::Warning, Code::Extension),
        (
            "[Version]\nSignature=$CHICAGO$\nClass=Net\nClassGuid={4D36E97B-E325-11CE-BFC1-08002BE10318}",
            Severity::Warning,
            Code::Class,
        ),
        ("[Version]\nSignature=$CHICAGO$\n[Manufacturer]\nM=M,NT$ARCH$", Severity::Warning, Code::Decoration),
        (
            "[Version]\nSignature=$CHICAGO$\n[Manufacturer]\nM=M,NTamd64",
            Severity::Warning,
            Code::SectionMissing,
        ),
        ("[Version]\nSignature=$CHICAGO$\n[Manufacturer]\nM=", Severity::Error, Code::Model),
    ];
    let net = Guid::parse("{4D36E972-E325-11CE-BFC1-08002BE10318}").unwrap();
    let class_guid = |name: &str| (name == "Net").then_some(net);
    for (text, severity, code) in cases {
        let environment = Environment { class_guid: &class_guid, ..report() };
        let evaluation = evaluate_as(text, &environment);
        let found =
            evaluation.findings.iter().any(|found| (found.severity, found.code) == (*severity, *code));
        assert!(found, "{text}\n{:#?}", evaluation.findings);
    }
}

#[test]
fn a_section_may_need_the_one_of_its_name_in_an_included_inf() {
    let text = "[Version]\nSignature=$CHICAGO$\n[Manufacturer]\nM=M,NTamd64\n[M.NTamd64]\nD=Deep,ID\n\
        [Deep]\nInclude=deep.inf,gone.inf\nNeeds=Deep\n";
    let evaluation = evaluate_as(text, &report());
    let install = &evaluation.configurations[0].install;
    assert_eq!(install.registry[0].value, "Deep");
    assert_eq!(install.unresolved_needs, ["Wifi.Install"]);
    assert!(
        evaluation.findings.iter().all(|found| found.code != Code::NeedsCycle),
        "{:?}",
        evaluation.findings
    );
    let alone = evaluate_as(&text.replace("deep.inf,", ""), &report());
    assert_eq!(alone.configurations[0].install.unresolved_needs, ["Deep"]);
}

#[test]
fn a_package_without_devices_has_the_default_install_section_of_the_build() {
    let text =
        "[Version]\nSignature=$CHICAGO$\n[DefaultInstall.NTamd64]\n[DefaultInstall.NTamd64.10.0...25952]\n\
        [DefaultInstall.NTamd64.10.0...99999]\n[DefaultInstall.NTx86]\n\
        [DefaultInstall.NTamd64.10.0...25952.Services]\nAddService=new,,S\n[S]\nStartType=3\n";
    let section = |build| {
        let target = Target { build, ..target() };
        evaluate_as(text, &Environment { target, ..strict() }).primitive.unwrap()
    };
    assert_eq!(section(25951).section, "DefaultInstall.NTamd64");
    let newer = section(26100);
    assert_eq!(newer.section, "DefaultInstall.NTamd64.10.0...25952");
    assert_eq!(newer.services[0].name, "new");
}
