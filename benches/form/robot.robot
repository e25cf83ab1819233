*** Settings ***
Documentation       The form by Robot Framework with SeleniumLibrary, by the ids of the fields, its quickest way to find them.
Library             Collections
Library             SeleniumLibrary


*** Test Cases ***
Submit Every Row
    ${task}=    Evaluate    json.load(open($TASK, encoding='utf-8'))    modules=json
    Start Browser    ${task}
    FOR    ${row}    IN    @{task}[rows]
        Submit    ${task}[site]    ${row}
    END
    [Teardown]    Close All Browsers


*** Keywords ***
Start Browser
    [Arguments]    ${task}
    ${options}=    Evaluate    selenium.webdriver.ChromeOptions()    modules=selenium.webdriver
    ${options.binary_location}=    Set Variable    ${task}[browser]
    FOR    ${argument}    IN    @{task}[arguments]
        Call Method    ${options}    add_argument    ${argument}
    END
    Call Method    ${options}    add_experimental_option    prefs    ${task}[preferences]
    ${service}=    Evaluate    selenium.webdriver.ChromeService('/usr/bin/chromedriver')    modules=selenium.webdriver
    Create Webdriver    Chrome    options=${options}    service=${service}

Submit
    [Arguments]    ${site}    ${row}
    Go To    ${site}/formular/${row}[nr]
    Input Text    id:namn    ${row}[namn]
    Input Text    id:gata    ${row}[gata]
    Input Text    id:postnummer    ${row}[postnummer]
    Input Text    id:ort    ${row}[ort]
    Input Text    id:telefon    ${row}[telefon]
    Input Text    id:epost    ${row}[epost]
    Select From List By Label    id:boende    ${row}[boende]
    Select From List By Label    id:hushall    ${row}[hushall]
    Select Checkbox    id:samtycke
    Input Text    id:meddelande    ${row}[meddelande]
    Click Button    id:spara
    Wait Until Page Contains    Sparat ${row}[nr]
